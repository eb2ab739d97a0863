"""A command that has the server stopped is dead after three starts, with the reason; `replay` gives
it three more."""
from harness import Server, ensure, expect, route, script, wait_until

# as `systemctl restart` in a script would: the test stops the server as soon as the command runs
with Server([route(actions=[script('echo "$TENTERHOOK_ATTEMPT" >>"$OUT/ledger"; sleep 60',
                                   stdin="none")])], server={"shutdown_grace": "3s"}) as server:
    def stop(attempt):
        wait_until(lambda: server.ledger()[-1:] == [str(attempt)], f"attempt {attempt}")
        server.stop()

    event = server.post("/hook", b"{}", delivery="one").json()["id"]
    stop(1)
    server.start()
    stop(2)
    expect(server.query("SELECT state, stops FROM delivery"), [("pending", 2)])
    server.start()
    stop(3)
    expect(server.query("SELECT state, stops, given_up FROM delivery"), [("dead", 3, 1)])
    server.wait_log(f"failed id={event} .*given up: 3 stops of the server")
    server.start()
    answer = server.post("/hook", b"{}", delivery="one")
    expect((answer.status, answer.json()),
           (200, {"id": event, "duplicate": True, "replay": f"tenterhook replay {event}"}))
    ensure("soon after its start 3 times" in server.tool("events", "show", event).stdout,
           "it is shown")
    expect(server.tool("replay", event).stdout, "1 event, 1 delivery pending again\n")
    stop(4)
    expect(server.query("SELECT state, stops FROM delivery"), [("pending", 1)])
    expect(server.ledger(), ["1", "2", "3", "4"])
print("three starts and the reason; a redelivery runs nothing, a replay begins anew")
