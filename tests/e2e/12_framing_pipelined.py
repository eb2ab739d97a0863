"""A031, A033: three requests pipelined on one TLS connection are three events in order, each
charged; no 100 where the head decides."""
from framing import TOKEN, signed_request
from harness import Server, ensure, expect, ledger, route
from senders import github_headers

routes = [route(actions=[ledger()], rate_limit={"rate": "1/h", "burst": 5, "per": "client"}),
          route("token", auth={"token": {"header": "X-Token", "value": TOKEN}})]
with Server(routes) as server:
    bodies = [b'{"number":%d}' % number for number in range(3)]
    with server.raw(timeout=10) as raw:
        raw.send(b"".join(signed_request("/hook", body) for body in bodies))
        answers = [raw.answer() for _ in bodies]
        expect([answer.status for answer in answers], [202] * 3, "A031")
    contents = server.query("SELECT content FROM body ORDER BY event")
    expect([bytes(row[0]) for row in contents], bodies, "A031: in order")
    expect([answer.json()["id"] for answer in answers],
           [row[0] for row in server.query("SELECT id FROM event ORDER BY seq")],
           "A031: ids in order")
    with server.raw(timeout=10) as raw:
        raw.send(b"".join(signed_request("/hook", body + b" ") for body in bodies))
        expect([raw.answer().status for _ in bodies], [202, 202, 429], "A031: each is charged")
    for status, path, extra in ((401, "/token", {"X-Token": "wrong"}), (404, "/nowhere", {}),
                                (429, "/hook", github_headers(b"{}"))):
        lines = "".join(f"{name}: {value}\r\n" for name, value in extra.items())
        with server.raw(timeout=5) as raw:
            raw.send(f"POST {path} HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: "
                     f"9\r\n{lines}\r\n".encode())
            expect(raw.answer().status, status, f"A033 {path}")
            ensure(not raw.interim, f"A033: no 100 before {status}")
    server.wait_settled()
    expect(len(server.ledger()), 5)
print("3 pipelined: 3 answers, 3 events in order; the bucket of 5 let 2 of the next 3 in; no 100 "
      "before a refusal")
