"""?wait= answers when the event has ended, or after that time; so many may wait, and those beyond
are answered at once. A runner that dies is 503, and a stop answers everybody."""
from harness import Server, ensure, expect, wait_until
from links import GATED, Gate, Waiting, ask, send, states, tracked

with Server([tracked(actions=[GATED], allow=["127.0.0.0/8"])], server={"commands": 4}) as server:
    gate = Gate(server)
    link = send(server)
    early = Waiting(server, link)
    short = Waiting(server, link, "1s")
    expect(states(short.answer()), ("running", "running"))
    ensure(1 <= short.seconds() < 20, f"{short.seconds()} s of one")
    gate.open()
    expect(states(early.answer()), ("done", "done"))
    ensure(early.seconds() < 30, "the end of the event is told at once")
    expect(states(ask(server, link + "&wait=60s")), ("done", "done"), "nothing to wait for")
    for wait in ("30", "soon", "-1s", "1s&wait=1s"):
        ask(server, f"{link}&wait={wait}", 422)

    link = send(server, name="2")
    dying = Waiting(server, link)
    server.wait_log("route=hook")
    wait_until(lambda: server.count("delivery", "state = 'running'") == 1, "the command to start")
    runner = server.processes("runner")[0]
    server.kill(runner)
    expect(dying.answer().status, 503)
    wait_until(lambda: server.request("GET", link).status == 200, "another runner")
    leaving = Waiting(server, link)
    wait_until(lambda: server.count("delivery", "state = 'running'") == 1, "another attempt")
    server.process.terminate()
    ensure(leaving.answer().status in (200, 503), "an answer at the stop")
    ensure(leaving.seconds() < 30, "nobody is waited for")
print("waited, and did not")
