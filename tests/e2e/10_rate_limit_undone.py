"""A refusal by the route's bucket takes nothing from the client's, a wrong signature does."""
from harness import Server, expect, route
from senders import github_headers

BODY = b"{}"


def statuses(source, count, signature=None):
    with server.connect(source=source) as connection:
        return [connection.request("POST", "/both", BODY,
                                   github_headers(BODY, signature=signature)).status
                for _ in range(count)]


limits = [{"rate": "1/h", "burst": 4, "per": "client"}, {"rate": "1/h", "burst": 2, "per": "route"}]
with Server([route("both", rate_limit=limits)]) as server:
    expect(statuses("127.0.0.2", 2), [202] * 2, "the route's bucket")
    expect(statuses("127.0.0.3", 20), [429] * 20, "another client, refused by the route")
    wrong = "sha256=" + "0" * 64  # never gets as far as the route's bucket
    expect(statuses("127.0.0.3", 6, wrong), [401] * 4 + [429] * 2,
           "the client's own bucket was full")
