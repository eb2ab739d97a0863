"""A copy is known by the value that the route names as its key; an event without it is no copy."""
from harness import Server, expect, ledger, route

routes = [route("number", auth={"none": True}, actions=[ledger()], dedupe={"key": "payload.id"}),
          route("query", auth={"none": True}, actions=[ledger()], dedupe={"key": "query.id"})]
with Server(routes) as server:
    def send(path, body):
        return server.request("POST", path, body, {"Content-Type": "application/json"}).status

    for path, body, wanted in (
            ("/number", b'{"id": 7}', 202), ("/number", b'{"id": 7, "more": 1}', 200),
            ("/number", b'{"id": 12345678901234567890123}', 202),
            ("/number", b'{"id": 12345678901234567890124}', 202),
            ("/number", b'{"id": null}', 202), ("/number", b'{"id": null}', 202),
            ("/number", b'{"id": [7]}', 202), ("/number", b"[]", 202),
            ("/number", b'{"id": "%s"}' % (b"x" * 1025), 422),
            ("/query?id=7", b"{}", 202), ("/query?id=%37", b"[]", 200), ("/query", b"{}", 202),
            ("/query?id=7&id=8", b"{}", 422)):
        expect(send(path, body), wanted, f"{path} {body[:40]}")
    server.wait_settled()
    expect(len(server.ledger()), 9)
