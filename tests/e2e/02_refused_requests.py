"""Token, basic, route, method, size, content: each refusal has its status of the table."""
import base64

from harness import Server, ensure, expect, ledger, route

TOKEN, PASSWORD, NONE = "a token of some length", "a password of some length", {"none": True}
ENCODED = base64.b64encode(f"ci:{PASSWORD}".encode()).decode()
gitlab = lambda token: {"X-Gitlab-Token": token}
basic = lambda text: {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}
ROUTES = {
    "token": {"auth": {"token": {"header": "X-Gitlab-Token", "value": TOKEN}}},
    "bearer": {"auth": {"token": {"bearer": TOKEN}}},
    "basic": {"auth": {"basic": {"user": "ci", "password": PASSWORD}}},
    "open": {"auth": NONE, "max_body": "1KiB"}, "raw": {"auth": NONE, "content": "raw"},
    "walled": {"auth": NONE, "allow": ["192.0.2.0/24"]}}
CASES = [(status, "POST", path, b"{}", headers) for status, path, headers in (
    (401, "/token", {}), (401, "/token", gitlab("a" * 22)), (401, "/token", gitlab(TOKEN + "x")),
    (202, "/token", gitlab(TOKEN)), (401, "/bearer", {"Authorization": "Bearer x"}),
    (202, "/bearer", {"Authorization": "Bearer " + TOKEN}), (401, "/basic", basic("ci:wrong")),
    (401, "/basic", basic("c:" + PASSWORD)), (401, "/basic", {"Authorization": "Basic !!"}),
    (202, "/basic", basic("ci:" + PASSWORD)), (404, "/nowhere", {}), (403, "/walled", {}))]
CASES += [(*case, {}) for case in (
    (404, "GET", "/nowhere", b""), (405, "GET", "/open", b""), (405, "DELETE", "/open", b""),
    (400, "POST", "/open", b"{"), (400, "POST", "/open", b'{"a":1,"a":2}'),
    (400, "POST", "/open", b""), (413, "POST", "/open", b"1" * 1025),
    (202, "POST", "/open", b"1" * 1024), (202, "POST", "/raw", b"\r\n\xff\x00{"))]
with Server([route(name, actions=[ledger()], **keys) for name, keys in ROUTES.items()]) as server:
    server.secrets |= {TOKEN, PASSWORD, ENCODED}
    for status, method, path, body, headers in CASES:
        kind = {} if path == "/raw" else {"Content-Type": "application/json"}
        answer = server.request(method, path, body, {**kind, **headers})
        expect(answer.status, status, f"{method} {path} {body[:20]} {headers}")
        ensure(status != 405 or answer.headers.get("allow") == "POST", "Allow goes with 405")
        expect(answer.headers["content-type"], "application/json")
        expect(answer.headers["x-content-type-options"], "nosniff")
    server.wait_settled()
    accepted = sum(case[0] == 202 for case in CASES)
    ensure(server.count() == len(server.ledger()) == accepted, "only what was accepted has run")
