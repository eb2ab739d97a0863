"""A025 to A030: methods, versions and upgrades are answered by the book."""
import re

from framing import Framing, head
from harness import ensure, expect
from senders import github_headers

LENGTH = "Content-Length: 5"
with Framing() as framing:
    for method in ("GET", "HEAD", "PUT", "OPTIONS", "TRACE", "DELETE", "PATCH", "post", "FOO"):
        answer = framing.server.request(method, "/hook", b"", {"X-Echo": "no echo"}, index=1)
        expect(answer.status, (405, 400), f"A028 {method}")
        ensure(answer.status != 405 or answer.headers.get("allow") == "POST", "A028: Allow")
        ensure(b"echo" not in answer.body and "x-echo" not in answer.headers, "A028: no echo")
        framing.cases += 1
    with framing.server.raw(timeout=5) as raw:
        raw.send(head(LENGTH, "Connection: close", first="HEAD /hook HTTP/1.1") + b"hello")
        ensure(raw.read_all().endswith(b"\r\n\r\n"), "A028: HEAD has no body")
    for name, method, *more in ("CONNECT", "CONNECT"), ("300 bytes", "M" * 300, LENGTH):
        data = head(*more, "Connection: close", first=method + " /hook HTTP/1.1")
        framing.refused(f"A028 {name}", data + b"hello" * len(more), (405, 400))
    for version in ("HTTP/2.0", "http/1.1", "HTTP/1.2", "HTTP/1.11", "HTTP/3"):
        data = head(LENGTH, first=f"POST /hook {version}") + b"hello"
        framing.refused(f"A029 {version}", data, (400, 505), silent=True)
    framing.refused("A029 h2 preface", b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", (400, 405, 505))
    framing.refused("A029 HTTP/0.9", b"GET /hook\r\n\r\n", (400, 505), 7, silent=True)
    signature = github_headers(b"hello", signature="sha256=" + "0" * 64)
    for upgrade in ("websocket", "h2c"):
        extra = {"Connection": "Upgrade", "Upgrade": upgrade}
        answer = framing.server.request("POST", "/hook", b"hello", {**signature, **extra}, index=1)
        expect(answer.status, (401, 400), f"A030 Upgrade: {upgrade} is a normal request")
        framing.cases += 1
    with framing.server.raw(timeout=5) as raw:
        answer = raw.send(head("Expect: something", LENGTH)).answer()
    expect(answer.status, 417, "Expect: something else")
    for path in ("/%68ook", "/hoo%6B"):  # A025: an equivalent path is the route itself
        answer = framing.server.request("POST", path, b"hello", signature, index=1)
        expect(answer.status, 401, path)
    said = re.findall(r"route=(\S+)", framing.server.log())
    ensure(set(said) <= {"hook", "other"}, f"A025: the log names the route: {set(said)}")
