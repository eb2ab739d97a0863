"""A reload cuts off nobody who waits: the end of a command that the older runner still has is told
by it, and by the newer one, to whoever asks there."""
from harness import Server, ensure, expect, wait_until
from links import GATED, Gate, Waiting, ask, send, states, tracked

with Server([tracked(actions=[GATED])]) as server:
    gate = Gate(server)
    link = send(server)
    before = Waiting(server, link)
    wait_until(lambda: states(ask(server, link))[0] == "running", "the command to start")
    server.reload()
    after = Waiting(server, link)
    expect(states(ask(server, link)), ("running", "running"))
    gate.open()
    for waiting in (before, after):
        expect(states(waiting.answer()), ("done", "done"))
        ensure(waiting.seconds() < 30, "told of the end, not after the time")
    server.wait_log("generation_left generation=1")
print("told by two runners of one end")
