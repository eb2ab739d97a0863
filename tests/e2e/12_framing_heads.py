"""A020 to A027: names, values, sizes, hosts and paths that are not as HTTP has them never reach a
route."""
from framing import Framing, head
from harness import expect
from senders import github_headers

LENGTH = "Content-Length: 5"
with Framing() as framing:
    for name in (b"X Y: 1", b"X\x80: 1", b"X(: 1", b"X\x01: 1", b"X-A\x7f: 1"):
        framing.refused(f"A020 name {name!r}", head(name, LENGTH) + b"hello")
    for value in (b"X: \x01", b"X: a\x7fb", b"X: a\rb", b"X: \x1b[31m"):
        framing.refused(f"A020 value {value!r}", head(value, LENGTH) + b"hello")
    framing.refused("A021 65 headers", head(LENGTH, *[f"X-{n}: 1" for n in range(65)]) + b"hello",
                    (431, 400))
    for size in (17, 33):
        framing.refused(f"A021 a header of {size} KiB",
                        head("X: " + "a" * size * 1024, LENGTH) + b"hello", (431, 400))
    framing.refused("A021 100,000 headers", head(*[f"X-{n}: 1" for n in range(100000)]), (431, 400),
                    5)
    for size in (5 * 1024, 9 * 1024, 40 * 1024):
        framing.refused(f"A022 {size} of target",
                        head(LENGTH, first=f"POST /{'a' * size} HTTP/1.1") + b"hello", (414,))
    bodies = set()
    for path in ("/hook%00x", "/hook%2f", "/a/%2e%2e/hook", "/./hook", "//hook", "/hook/", "/HOOK",
                 "/hook%zz", "/hook%2F..%2Fhook", "/hook\\", "/hook%5c", "/hook%0d%0aX:y", "/hook%",
                 "/hook%2", "/hook%ff"):
        answer = framing.server.request("POST", path, b"hello", github_headers(b"hello"), index=1)
        expect(answer.status, (400, 404), f"A024 {path}")
        bodies.add((answer.status, answer.body))
        framing.cases += 1
    expect(len(bodies), 1, f"A024: one answer for all of them: {bodies}")
    for first in ("POST http://localhost/hook HTTP/1.1", "POST hook HTTP/1.1", "POST * HTTP/1.1",
                  "POST /hook#x HTTP/1.1", "POST /hook x HTTP/1.1"):
        framing.refused(f"A024 {first}", head(LENGTH, "Connection: close", first=first) + b"hello",
                        (400, 404), silent=True)
    for name, host in (("none", None), ("two", "Host: a\r\nHost: b"), ("empty", "Host: "),
                       ("user", "Host: a@b")):
        framing.refused(f"A027 Host: {name}", head(LENGTH, host=host) + b"hello")
