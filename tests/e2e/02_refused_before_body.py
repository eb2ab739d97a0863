"""What the head decides is answered before the body is read: 413, 401, 404 and 405 need not a byte
of it."""
from harness import Server, ensure, expect, ledger, route

HEAD = ("POST {} HTTP/1.1\r\nHost: localhost\r\nContent-Length: {}\r\nContent-Type: "
        "application/json\r\n{}\r\n")
TOKEN = "a token of some length"
EXPECT = "Expect: 100-continue\r\n"
CASES = [
    (413, "/open", 1048577, ""), (413, "/open", 1048577, EXPECT), (413, "/open", 10 ** 12, ""),
    (401, "/token", 1000, EXPECT), (401, "/token", 1000, "X-Token: wrong\r\n"),
    (404, "/nowhere", 1000, EXPECT), (404, "/nowhere", 1000, ""),
    (401, "/hook", 1000, EXPECT), (401, "/hook", 1000, ""),
]
routes = [
    route("open", auth={"none": True}, max_body="1MiB", actions=[ledger()]),
    route("token", auth={"token": {"header": "X-Token", "value": TOKEN}}, actions=[ledger()]),
    route("hook", actions=[ledger()]),
]
with Server(routes) as server:
    for status, path, length, extra in CASES:
        with server.raw(timeout=5) as raw:
            answer = raw.send(HEAD.format(path, length, extra).encode()).answer()
            expect(answer.status, status, f"{path} {length} {extra.strip()}")
            ensure(not raw.interim, f"no 100 Continue before a {status}")
    with server.raw(timeout=5) as raw:  # and one that is let through gets its 100
        raw.send(HEAD.format("/open", 2, EXPECT).encode())
        raw.receive()
        ensure(raw.buffer.startswith(b"HTTP/1.1 100"), f"100 Continue, not {raw.buffer!r}")
        expect(raw.send(b"{}").answer().status, 202, "after 100 Continue")
    server.wait_settled()
    expect(server.count(), 1, "events in the journal")
print(f"{len(CASES)} refusals with no body sent and no 100 Continue")
