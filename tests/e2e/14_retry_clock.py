"""A wall clock that jumps while an attempt waits for its time neither begins it at once nor makes
it wait for ever; nor does one that was set back while no server ran."""
from harness import Server, ensure, expect, route, script, wait_until
from wallclock import WallClock

YEAR = 365 * 86400
LATER = script('[ "$TENTERHOOK_ATTEMPT" = 2 ] || exit 75', stdin="none", retry={"backoff": "4s"})
clock = WallClock()
with Server([route(actions=[LATER]), route("at-once")], env=clock.env) as server:

    def fail():
        expect(server.post("/hook", b"{}").status, 202)
        wait_until(lambda: server.count("delivery", "state = 'pending' AND attempt = 1"),
                   "the first attempt to end")

    def offset_is(days):
        wait_until(lambda: round(server.query("SELECT due_offset_ms FROM horizon")[0][0]
                                 / 86400000) == days, f"an offset of {days} days")

    for seconds in (YEAR, -YEAR):
        fail()
        before = server.query("SELECT due_offset_ms FROM horizon")
        clock.offset(seconds)
        wait_until(lambda: server.query("SELECT due_offset_ms FROM horizon") != before, "the jump")
        offset_is(-seconds // 86400)
        ensure(server.count("delivery", "state = 'pending'") == 1, "it still waits")
        expect(server.post("/at-once", b"{}").status, 202)
        server.wait_settled(20)
    fail()
    server.stop()
    clock.offset(-2 * YEAR)
    server.start()
    server.wait_settled(20)
    expect(server.count("delivery", "state = 'done'"), 5)
