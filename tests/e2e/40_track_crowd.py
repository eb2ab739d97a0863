"""256 questions wait at once; the next one is answered at once, and whoever waits is told of the
end of his own event alone."""
import os

from harness import Server, ensure, expect, script, wait_until
from links import GATED, Gate, Waiting, send, states, tracked

WAITING, OF_ONE = 256, 16  # a client may ask 20 at once
OTHER = script('exec dd bs=2 count=1 <"$OUT/other"', name="run", stdin="none")

with Server([tracked(actions=[GATED]), tracked("other", actions=[OTHER])]) as server:
    gate, other_gate = Gate(server), os.open(server.fifo("other"), os.O_RDWR)
    links = send(server, "/other"), send(server)
    wait_until(lambda: server.count("delivery", "state = 'running'") == 2, "both commands")
    crowd = []

    def come():
        crowd.append(Waiting(server, links[len(crowd) > 0],
                             source=f"127.0.1.{1 + len(crowd) // OF_ONE}"))

    def is_full():
        more = Waiting(server, links[1], "1s", source="127.0.0.2")
        expect(states(more.answer()), ("running", "running"))
        if more.seconds() >= 1:
            come()  # in case that one of the crowd was late, and had its place taken
        return more.seconds() < 1

    for _ in range(WAITING):
        come()
    wait_until(is_full, "the list to be full")
    gate.open()
    ends = [states(one.answer()) for one in crowd[1:]]
    expect(ends.count(("done", "done")), WAITING - 1, "those who have waited")
    expect(ends.count(("running", "running")), len(crowd) - WAITING, "those for whom was no place")
    os.write(other_gate, b"go")
    expect(states(crowd[0].answer()), ("done", "done"))
    ensure(max(one.seconds() for one in crowd) < 60, "told of the end, not after the time")
print(f"{WAITING} have waited, and one more has not")
