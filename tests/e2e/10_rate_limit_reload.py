"""After a reload to a faster rate a client in debt is served by that rate at once; an unchanged
limit keeps its debts."""
from harness import Server, ensure, expect, route

BODY = b"{}"


def limited(name, rate):
    return route(name, dedupe="off", rate_limit={"rate": rate, "burst": 5, "per": "client"})


def statuses(path, count):
    return [server.post(path, BODY).status for _ in range(count)]


with Server([limited("changed", "1/h"), limited("kept", "1/h")]) as server:
    for path in ("/changed", "/kept"):
        expect(statuses(path, 6), [202] * 5 + [429], path)
    server.settings["routes"][0] = limited("changed", "1000/s")
    server.write_settings()
    server.reload()
    server.wait_log("generation_left")  # which may still have accepted somebody
    ensure(set(statuses("/changed", 20)) == {202}, "1,000 a second are more than come")
    answer = server.post("/kept", BODY)
    expect(answer.status, 429, "the debt of the limit that stayed")
    ensure(int(answer.headers["retry-after"]) > 3000, f"its hour goes on: {answer}")
