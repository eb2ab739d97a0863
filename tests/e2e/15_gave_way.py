"""What waited and is superseded by a newer event is one line of the log for each action, with their
number."""
from harness import Server, ensure, expect, ledger, route, wait_until

LAST = {"concurrency": {"max": 1, "when_full": "cancel_running"}}
with Server([route(actions=[ledger()])]) as server:
    server.tool("pause", "hook")
    server.wait_log("route_paused")
    for _ in range(30):
        expect(server.post("/hook", b"{}").status, 202)
    ensure("gave_way" not in server.log(), "nothing is superseded without a limit")
    server.settings["routes"][0].update(LAST)
    server.write_settings()
    server.reload()
    ids = [server.post("/hook", b"{}").json()["id"] for _ in range(2)]
    name = server.query("SELECT name FROM action")[0][0]
    for count, by in ((30, ids[0]), (1, ids[1])):
        server.wait_log(f" gave_way route=hook action={name} deliveries={count} by={by}")
    server.tool("resume", "hook")
    wait_until(lambda: server.ledger() == ids[1:], "the last event")
    server.wait_settled()
    expect((server.log().count("gave_way"), len(server.ledger())), (2, 1))
