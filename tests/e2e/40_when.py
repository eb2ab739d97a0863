"""An event that a route's conditions leave out is answered and logged with the condition that said
no; one that they take runs, and a header that they name is stored with it."""
import json

from harness import Server, ensure, expect, ledger, route

OPEN, IGNORED = {"none": True}, '{"ignored":"the conditions of the route leave this event out"}'
MAIN = [{"value": "payload.ref", "equals": "refs/heads/main"},
        {"value": "header.sec-kind", "in": ["a, b", "c"]}]
routes = [
    route("main", auth=OPEN, actions=[ledger()], when=MAIN),
    route("late", auth=OPEN, events=["push"], event="payload.kind", mismatch=204),
    route("refused", auth=OPEN, mismatch=409, when={"not": {"address": ["127.0.0.0/8"]}}),
    route("typed", auth=OPEN, when=[{"schema": {"properties": {"n": {"maximum": 9}}}}]),
    route("slow", auth=OPEN, when={"value": "payload.a", "matches": "^(a+)+$"}),
    route("item", path="/item/{id}", auth=OPEN, mismatch=404, when=[
        {"value": "path.id", "not_in": ["0"]}, {"value": "query.n", "equals": "1"}]),
]
with Server(routes) as server:
    def send(path, body, kind=None):
        headers = {"Content-Type": "application/json"} | ({"Sec-Kind": kind} if kind else {})
        answer = server.request("POST", path, json.dumps(body).encode(), headers)
        return answer.status, answer.body.decode()

    main, ignored = {"ref": MAIN[0]["equals"]}, (200, IGNORED)
    expect(send("/main", main, "c")[0], 202)
    for body, kind in (({"ref": "x\n\x1b[1m"}, "c"), ({}, "c"), ([], "c"), (main, None)):
        expect(send("/main", body, kind), ignored, f"{body} {kind}")
    expect((send("/late", {"kind": "pull"}), send("/late", {"kind": "push"})[0]), ((204, ""), 202))
    expect([send("/refused", {})[0], send("/typed", {"n": 9})[0], send("/typed", {"n": 10}),
            send("/slow", {"a": "a" * 40 + "!"})[0]], [409, 202, ignored, 422])
    expect([send(path, {})[0] for path in ("/item/7?n=1", "/item/0?n=1", "/item/7?n=1&n=1")],
           [202, 404, 404])
    server.wait_settled()
    expect(json.loads(server.query("SELECT headers FROM body")[0][0]).get("sec-kind"), "c")
    expect(len(server.ledger()), 1)
    for said in (r'"payload.ref equals \"refs/heads/main\": it is \"x\\n\\u001b[1m\""',
                 r'header.sec-kind in [\"a, b\", \"c\"]: it is missing',
                 'status=409 reason="not address', "/n must be at most 9", "more steps than"):
        ensure(said in server.log(), said)
