"""A sender that waits for an output which will not come is told so at once, and truly: a newer
event took the place of its own, or people cancelled it or paused its route."""
from gates import Gate, gated
from harness import Server, ensure, expect, wait_until

SUPERSEDED = "a newer event took the place of this one"
ONE = {"concurrency": {"max": 1}}
LAST = {"concurrency": {"max": 1, "when_full": "cancel_running"}}
with Server([{**gated("one"), **ONE}, {**gated("last"), **LAST}]) as server:
    gate = Gate(server)

    def newest():
        wait_until(lambda: server.count("event") == gate.events, "the event to be stored")
        return server.query("SELECT id FROM event ORDER BY seq DESC LIMIT 1")[0][0]

    def cancel(connection, event):
        said = server.tool("cancel", event)
        expect(said.returncode, 0, said.stdout + said.stderr)
        expect(connection.answer().status, 500)
        server.wait_log(f' id={event}.* status=500 reason="the command was cancelled"')

    with gate.ask("/last") as older, gate.ask("/last") as newer:
        gate.expect_answer(older, b"later", SUPERSEDED)
        gate.open()
        gate.expect_answer(newer, b"go")
    with gate.ask("/one") as runs, server.connect() as waits:
        running = newest()
        gate.send("/one", connection=waits)
        cancel(waits, newest())
        with server.connect() as paused:
            gate.send("/one", connection=paused)
            newest()
            server.tool("pause", "one")
            gate.expect_answer(paused, b"later", "the route is paused")
            gate.expect_answer(gate.send("/one", connection=paused), b"later")
        cancel(runs, running)
    ensure(server.log().count('reason="the route is paused"') == 2, "told twice")
    server.tool("resume", "one")
    gate.open(2)
    server.wait_settled()
