"""The reason says that there is no payload at all, that a value is null, and which name JSON
repeats."""
import json

from harness import Server, expect, github_headers, ledger, route

FORM = "application/x-www-form-urlencoded"
AUTO = {"auth": {"none": True}, "content": "auto"}
ROUTES = [route("met", when={"value": "payload.a", "equals": 1}),
          route("given", actions=[{"command": ["/bin/true", "{{payload.a}}"]}], **AUTO),
          route("told", respond={"body": "{{payload.a}}"}, actions=[ledger()], **AUTO)]
CASES = (("met", FORM, "x=1", 200, "it is missing: the body is a form without a field .*payload"),
         ("given", "application/json", {"a": None}, 422, "payload.a in argument 1 is null and has"),
         ("given", FORM, {"a": 1}, 422, "the body is a form by its Content-Type, though"),
         ("given", FORM, "x=1", 422, "payload.a in argument 1 is missing: the body is a form"),
         ("given", "text/plain", "x", 422, "is missing: there is no body that is JSON"),
         ("told", FORM, "x=1", 422, "payload.a is missing: the body is a form"),
         ("told", "application/json", {"a": None}, 422, "payload.a is null and has no default"),
         ("given", "application/json", '{"a\x7f":1,"a\x7f":2}', 400, "comes twice in an object"))
with Server(ROUTES) as server:
    for path, kind, body, status, reason in CASES:
        text = (body if isinstance(body, str) else json.dumps(body)).encode()
        headers = github_headers(text) if path == "met" else {}
        answer = server.request("POST", "/" + path, text, {**headers, "Content-Type": kind})
        expect(answer.status, status, reason)
        server.wait_log(f'route={path} .*reason="[^\n]*{reason}')
