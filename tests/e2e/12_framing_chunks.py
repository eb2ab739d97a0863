"""A013 to A018: bad chunks, bodies that outgrow the limit, credentials in trailers, heads that end
early."""

from framing import Framing, head, signed_request
from harness import PATIENCE, ensure
from senders import github_headers

CHUNKED = "Transfer-Encoding: chunked"
smuggled = signed_request()
with Framing() as framing:
    for size in ("fffffffffffffffff", "0x5", "-5", "5 ", " 5", "x", "", "+5"):
        framing.refused(f"A013 chunk size {size!r}",
                        head(CHUNKED) + size.encode() + b"\r\nhello\r\n0\r\n\r\n" + smuggled,
                        (400, 413))
    before = framing.server.resident()
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    with framing.server.raw(timeout=10 * PATIENCE) as raw:  # A014: grows past max_body, no length
        sent = 0
        try:
            raw.send(head(CHUNKED))
            while sent < 16 << 20:
                raw.send(chunk)
                sent += len(chunk)
        except (ConnectionError, TimeoutError):
            pass
        said = raw.read_all()
    ensure(sent < 16 << 20, "A014: sixteen MiB were read of a body of at most 64 KiB")
    ensure(b" 413 " in said or not said, f"A014: {said[:100]}")
    grown = framing.server.resident() - before
    ensure(grown < (1 << 20) + 65536 + (16 << 20) * (PATIENCE > 1), f"A014: grew by {grown}")
    trailer = "X-Hub-Signature-256: " + github_headers(b"hello")["X-Hub-Signature-256"]
    lines = [f"POST /hook HTTP/1.1\r\nHost: localhost\r\n{CHUNKED}\r\nX-GitHub-Event: push",
             "X-GitHub-Delivery: d\r\nConnection: close\r\n\r\n5\r\nhello\r\n0", trailer]
    framing.refused("A016 signature in a trailer", "\r\n".join(lines).encode() + b"\r\n\r\n",
                    (401, 400))
    # what the library does not show: the head ends early, so the rest must not be a second request
    for name, line in (("A017 empty name", b": x"), ("A018 NUL", b"\0: x"),
                       ("A018 NUL alone", b"\0")):
        first = b"POST /hook HTTP/1.1\r\nHost: localhost\r\n" + line + b"\r\n\r\n"
        framing.refused(name, first + smuggled, (400, 401, 411))
