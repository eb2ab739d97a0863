"""A wall clock that jumps a year forward makes no event old: what failed is there to be seen when
it is set back."""
from harness import Server, ensure, expect, route, script, wait_until
from wallclock import WallClock

YEAR = 365 * 86400
clock = WallClock()

with Server([route("fails", actions=[script("exit 1", stdin="none")]),
             route("works", dedupe="off")],
            journal={"keep": {"age": "1s", "dead": "30d"}}, env=clock.env) as server:

    def send(name):
        answer = server.post("/" + name, b"{}")
        expect(answer.status, 202)
        server.wait_settled()
        return answer.json()["id"]

    failed, first = send("fails"), send("works")
    clock.offset(YEAR)
    send("works")  # the newest event always stays
    server.reload()  # whose runner begins its first round two seconds later

    def ids():
        return {row[0] for row in server.query("SELECT id FROM event")}

    wait_until(lambda: first not in ids(),
               "what is done to be pruned after a second that has passed", 60)
    ensure(failed in ids(), "what failed is kept for 30 days that have passed")
    clock.offset(0)
    server.reload()
    send("works")
    ensure(failed in ids() and server.tool("events", "show", failed).returncode == 0,
           "and is shown")
    years = server.query("SELECT (max(received_ms) - min(received_ms)) / 86400000 / 365 FROM event")
    expect(years[0][0], 1, "years between two events, which shows that the clock jumped")
