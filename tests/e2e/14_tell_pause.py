"""A route that pauses itself tells who hears of its failures, in the transaction of the pause: the
alert runs though the route is paused. A pause by hand is told nobody."""
from harness import Server, expect, route, script, wait_until
from telling import ALERT, told

FAILS = script("echo broken >&2; exit 3", name="run")
with Server([route(actions=[FAILS], on_failure=ALERT, tell_every="100ms",
                   pause_after={"deaths": 2})]) as server:
    for _ in range(2):
        server.post("/hook", b"{}")
        server.wait_settled()
    server.wait_log(r'route_paused route=hook since=\S+ reason="2 deliveries died in a row" id=')
    wait_until(lambda: [one for one in told(server) if one["event"] == "tenterhook.paused"],
               "the pause to be told")
    one = [one for one in told(server) if one["event"] == "tenterhook.paused"][0]
    reason = "2 deliveries died in a row"
    expect((one["client"], one["failure"]["reason"], one["payload"]["reason"]),
           ("tenterhook", reason, reason))
    server.wait_settled()
    expect(server.query("SELECT type, count(*) FROM event GROUP BY 1 ORDER BY 1"),
           [("push", 2), ("tenterhook.paused", 1)])
    (pause,), = server.query("SELECT paused_ms FROM route WHERE name = 'hook'")
    expect(one["payload"]["since"][:19], server.query(
        f"SELECT strftime('%Y-%m-%dT%H:%M:%S', {pause} / 1000, 'unixepoch')")[0][0])
    server.tool("resume", "hook")
    server.wait_log("route_resumed")
    server.tool("pause", "hook")  # people know what they do
    server.wait_log('reason="by hand"\n')
    server.wait_settled()
    expect(server.count("event", "type = 'tenterhook.paused'"), 1)
