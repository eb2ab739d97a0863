"""One client's flood, and a flood without authentication, leave another client's bucket and the
route's bucket untouched."""
from harness import Server, ensure, expect, ledger, route
from senders import github_headers

BODY = b"{}"


def answers(count, source, path, signature=None):
    with server.connect(source=source) as connection:
        return [connection.request("POST", path, BODY,
                                   github_headers(BODY, signature=signature)).status
                for _ in range(count)]


routes = [
    route("client", actions=[ledger()], rate_limit={"rate": "1/h", "burst": 5, "per": "client"}),
    route("route", actions=[ledger()], rate_limit={"rate": "1/h", "burst": 5, "per": "route"}),
    route("both", actions=[ledger()], rate_limit=[{"rate": "1/h", "burst": 3, "per": "client"},
                                                  {"rate": "1/h", "burst": 4, "per": "route"}])]
with Server(routes) as server:
    expect(answers(50, "127.0.0.2", "/client"), [202] * 5 + [429] * 45, "a flood")
    expect(answers(5, "127.0.0.3", "/client"), [202] * 5, "another client after the flood")
    expect(answers(20, "127.0.0.2", "/client", "sha256=" + "0" * 64), [429] * 20,
           "the bucket is first")
    expect(answers(50, "127.0.0.2", "/route", "sha256=" + "0" * 64), [401] * 50,
           "unauthenticated flood")
    expect(answers(6, "127.0.0.4", "/route"), [202] * 5 + [429], "the route's bucket after it")
    expect(answers(4, "127.0.0.2", "/both"), [202] * 3 + [429], "the client's bucket decides")
    expect(answers(2, "127.0.0.3", "/both"), [202, 429], "the route's bucket decides")
    server.reload()
    expect(answers(1, "127.0.0.2", "/client") + answers(1, "127.0.0.5", "/client"), [429, 202],
           "a reload keeps the buckets")
    retry = server.post("/route", BODY).headers["retry-after"]
    ensure(0 < int(retry) <= 3600, f"Retry-After of a bucket of one an hour: {retry}")
    server.wait_settled()
    expect(len(server.ledger()), 5 + 5 + 5 + 3 + 1 + 1, "what ran")
print("a flood of 50 and of 50 unauthenticated ones; the other client's 5 and the route's 5 all "
      "admitted")
