"""A route that deaths in a row have paused is told like a failure, once, although it is paused."""
from harness import Server, ensure, expect, route, script, wait_until
from telling import ALERT, told

FAILS = script("exit 1", name="deploy", stdin="none")
PAUSES = {"actions": [FAILS], "pause_after": {"deaths": 2}, "tell_every": "100ms"}
with Server([route(on_failure=ALERT, **PAUSES), route("calm", **PAUSES)]) as server:
    for _ in range(2):
        server.post("/hook", b"{}")
        server.post("/calm", b"{}")
    wait_until(lambda: any(one["event"] == "tenterhook.paused" for one in told(server)),
               "the pause to be told")
    one = next(one for one in told(server) if one["event"] == "tenterhook.paused")
    reason = "the route is paused: 2 deliveries died in a row"
    expect((one["route"], one["failure"]["reason"], one["payload"]["reason"]),
           ("hook", reason, reason))
    server.wait_log(f'notice route=hook type=tenterhook.paused reason="{reason}" id=')
    server.wait_log("route_paused route=calm")
    ensure("notice route=calm" not in server.log(), "the line of the pause is enough")
    server.wait_settled()
    expect(server.query("SELECT type, count(*) FROM event WHERE route = 'hook' GROUP BY 1"),
           [("push", 2), ("tenterhook.paused", 1)])
