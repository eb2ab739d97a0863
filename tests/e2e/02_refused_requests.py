"""Token, basic, route, method, size, content: each refusal has its status of the table."""
import base64

from harness import Server, ensure, expect, ledger, route

TOKEN, PASSWORD = "a token of some length", "a password of some length"
basic = lambda text: {"Authorization": "Basic " + base64.b64encode(text.encode()).decode()}
json_type = {"Content-Type": "application/json"}
ROUTES = {
    "token": {"auth": {"token": {"header": "X-Gitlab-Token", "value": TOKEN}}},
    "bearer": {"auth": {"token": {"bearer": TOKEN}}}, "basic": {"auth": {"basic": {"user": "ci", "password": PASSWORD}}},
    "open": {"auth": {"none": True}, "max_body": "1KiB"}, "raw": {"auth": {"none": True}, "content": "raw"},
    "walled": {"auth": {"none": True}, "allow": ["192.0.2.0/24"]},
}
CASES = [  # status, method, path, body, headers
    (401, "POST", "/token", b"{}", {}), (401, "POST", "/token", b"{}", {"X-Gitlab-Token": "a" * 22}),
    (401, "POST", "/token", b"{}", {"X-Gitlab-Token": TOKEN + "x"}),
    (202, "POST", "/token", b"{}", {"X-Gitlab-Token": TOKEN}),
    (401, "POST", "/bearer", b"{}", {"Authorization": "Bearer x"}),
    (202, "POST", "/bearer", b"{}", {"Authorization": "Bearer " + TOKEN}), (401, "POST", "/basic", b"{}", basic("ci:wrong")),
    (401, "POST", "/basic", b"{}", basic("c:" + PASSWORD)),
    (401, "POST", "/basic", b"{}", {"Authorization": "Basic !!"}),
    (202, "POST", "/basic", b"{}", basic("ci:" + PASSWORD)),
    (404, "POST", "/nowhere", b"{}", {}), (404, "GET", "/nowhere", b"", {}),
    (405, "GET", "/open", b"", {}), (405, "DELETE", "/open", b"", {}), (403, "POST", "/walled", b"{}", {}),
    (400, "POST", "/open", b"{", json_type), (400, "POST", "/open", b'{"a":1,"a":2}', json_type),
    (400, "POST", "/open", b"", json_type), (413, "POST", "/open", b"1" * 1025, json_type),
    (202, "POST", "/open", b"1" * 1024, json_type), (202, "POST", "/raw", b"\r\n\xff\x00{", {}),
]
with Server([route(name, actions=[ledger()], **keys) for name, keys in ROUTES.items()]) as server:
    server.secrets |= {TOKEN, PASSWORD, base64.b64encode(("ci:" + PASSWORD).encode()).decode()}
    for status, method, path, body, headers in CASES:
        answer = server.request(method, path, body, headers if path == "/raw" else {**json_type, **headers})
        expect(answer.status, status, f"{method} {path} {body[:20]} {headers}")
        ensure(status != 405 or answer.headers.get("allow") == "POST", "Allow goes with 405")
        expect((answer.headers["content-type"], answer.headers["x-content-type-options"]), ("application/json", "nosniff"))
    server.wait_settled()
    accepted = sum(case[0] == 202 for case in CASES)
    ensure(server.count() == len(server.ledger()) == accepted, "only what was accepted has run")
print(f"{len(CASES)} requests answered as the table says; only the {accepted} accepted ones ran")
