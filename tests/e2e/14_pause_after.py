"""So many deaths in a row pause a route, counted over a restart; one that is done begins anew."""
from harness import Server, ensure, expect, route, script, wait_until

fails = script('echo "$TENTERHOOK_ID" >>"$OUT/tried"; [ "$TENTERHOOK_EVENT" = push ]')
with Server([route(actions=[fails], pause_after={"deaths": 3})]) as server:
    def send(event):
        expect(server.post("/hook", b'{"a": 1}', event=event).status, 202)

    def run(event):
        send(event)
        server.wait_settled()

    for event in ("ping", "ping", "push", "ping", "ping"):
        run(event)
    expect(server.query("SELECT name, deaths, paused_ms FROM route"), [("hook", 2, None)])
    server.stop()
    server.start()
    run("ping")
    server.wait_log(r'route_paused route=hook since=\S+ reason="3 deliveries died in a row"')
    send("push")
    wait_until(lambda: server.count("delivery", "state = 'pending'") == 1, "the next to wait")
    ensure("3 deliveries died in a row" in server.tool("check").stdout, "check tells")
    expect(len(server.ledger("tried")), 6)
    server.tool("resume", "hook")
    server.wait_settled()
    expect(len(server.ledger("tried")), 7)
    expect(server.query("SELECT deaths, paused_ms FROM route"), [(0, None)])
