"""A route with auth: answers as it says, names its events, filters them, knows copies."""
from harness import Server, expect, ledger, route

TOKEN = {"token": {"header": "X-Token", "value": "a token that is long enough"}}
JSON = {"Content-Type": "application/json", "X-Token": "a token that is long enough"}
FORM = {**JSON, "Content-Type": "application/x-www-form-urlencoded"}
PUSH, TAG = b'{"a":[{"type":"push"}],"id":7}', b'{"a":[{"type":"tag.made"}]}'


def keys(name, **more):
    return route(name, auth=TOKEN, actions=[ledger()], **more)


routes = [keys("exactly", respond={"status": 200, "body": "ok"}, delivery="header.x-id"),
          keys("empty", respond={"body": ""}), keys("bare", respond={"status": 204}),
          keys("typed", respond={"status": 201, "type": "application/json", "body": "{}"}), keys(
    "payload", event="payload.a[0].type", delivery=["payload.id", "query.id"],
    events=["push", "tag.*"]), keys("form", content="form", event="form.type", delivery="form.id",
                                    events=["push"], respond={"status": 200}), route(
    "slack", provider="slack", secret="a secret that is long enough", respond={"status": 204})]
with Server(routes) as server:
    for path, headers, body, wanted in (("/exactly", {**JSON, "X-Id": "1"}, b"{}", (200, b"ok")),
                                        ("/exactly", {**JSON, "X-Id": "1"}, b"[]", (200, b"ok")), (
            "/exactly", {**JSON, "X-Id": "2"}, b"[]", (200, b"ok")), ("/empty", JSON, b"{}", (
            202, b"")), ("/bare", JSON, b"{}", (204, b"")), ("/typed", JSON, b"{}", (201, b"{}")), (
            "/payload", JSON, PUSH, (202, None)), ("/payload", JSON, PUSH, (200, None)), (
            "/payload?id=7", JSON, TAG, (200, None)), ("/payload?id=8", JSON, TAG, (202, None)),
                                        ("/payload", JSON, b'{"a":[{"type":"star"}],"id":9}',
                                         (200, None)), ("/payload", JSON, b"{}", (200, None)), (
            "/payload?id=1&id=2", JSON, b'{"a":[{"type":"push"}]}', (422, None)), (
            "/form", FORM, b"type=push&id=%31", (200, None)), ("/form", FORM, b"type=push&id=1", (
            200, None)), ("/form", FORM, b"", (200, None)), ("/exactly", {}, b"{}", (401, None)), (
            "/exactly", JSON, b"{", (400, None)), ("/slack", JSON, b"{}", (401, None))):
        answer = server.request("POST", path, body, headers)
        expect((answer.status, answer.body if wanted[1] is not None else None), wanted,
               f"{path} {body!r} {answer.body!r}")
        expect("content-type" in answer.headers, bool(answer.body), "a media type")
    server.wait_settled()
    expect(len(server.ledger()), 2 + 3 + 2 + 1)
print("answers as routes say, events named by header, query, form and payload")
