"""Starts are spread evenly, of a route and of an action, over all that waits; none is refused."""
from harness import Server, ensure, expect, route, script, wait_until

STAMP = 'date +%s%N >>"$OUT/{}"'
with Server([route(actions=[script(STAMP.format("route"), stdin="none")], start_rate="5/s"),
             route("two", actions=[
                 script(STAMP.format("slow"), stdin="none", start_rate="4/s"),
                 script(STAMP.format("free"), stdin="none")])]) as server:
    def stamps(name):
        return [int(line) / 1e9 for line in server.ledger(name)]

    for path in ("/hook", "/two"):
        for _ in range(8):
            expect(server.post(path, b'{"a": 1}').status, 202)
    wait_until(lambda: len(server.ledger("free")) == 8, "the action without a rate")
    ensure(len(server.ledger("slow")) < 8, "the other one waits")
    server.wait_settled()
    for name, step in (("route", 0.2), ("slow", 0.25)):
        times = sorted(stamps(name))
        expect(len(times), 8)
        ensure(times[-1] - times[0] > 7 * step - 0.1, f"{name}: {times}")
