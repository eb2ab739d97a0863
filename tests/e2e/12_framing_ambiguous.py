"""A chunked body that two parsers may read differently is the last on its connection."""
from framing import signed_request
from harness import Server, ensure, expect, ledger, route
from senders import github_headers

FORMS = [  # of the same two bytes
    b"2\r\n{}\r\n0\r\n\r\n", b"2\n{}\n0\n\n", b"2;a\rb\r\n{}\r\n0\r\n\r\n", b"2;a\n{}\r\n0\r\n\r\n",
    b"2;a\0b\r\n{}\r\n0\r\n\r\n", b"2\r\n{}\r\n0\r\nX: y\r\n\r\n", b"2\r\n{}\r\n0\r\n\0\r\n",
    b"2\r\n{}\r\n0\r\n\0: x\r\n",
    b"2\r\n{}\r\n0\r\n: x\r\n", b"2\r\n{}\r\n0\r\nX: y\r\n z\r\n\r\n", b"2 \r\n{}\r\n0\r\n\r\n",
    b"2\r\n{}\n0\r\n\n"]
# committed, ignored, refused
WAYS = {"202": {}, "200": {"event": "ping"}, "401": {"signature": "sha256=" + "0" * 64}}

def send(form, index, status, options):
    """One answer and the end, whatever stands behind the body. Returns whether it was the status of
    the way."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in github_headers(b"{}",
                                                                             **options).items())
    head = f"POST /hook HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n{lines}\r\n".encode()
    with server.raw(index, timeout=10) as raw:
        raw.send(head + form + signed_request("/other") * 2)
        said = raw.read_all()
    # libmicrohttpd may say its head twice
    got = {part[:3].decode() for part in said.split(b"HTTP/1.1 ")[1:]}
    ensure(got in ({status}, {"400"}) and b"Connection: close" in said,
           f"{form}: want {status} once, and the end: {said}")
    return got == {status}

with Server([route(events=["push"], actions=[ledger()]), route("other", actions=[ledger("other")])],
            plain=True) as server:
    taken = 0
    for status, options in WAYS.items():
        for form in FORMS:
            taken += sum(send(form, index, status, options) for index in (0, 1)) * (status == "202")
    ensure(taken >= 2, "the plain form is taken")
    server.wait_settled()
    expect((len(server.ledger()), server.ledger("other")), (taken, []),
           "events of the first request, and of those behind it")
print(f"{len(FORMS)} chunked forms, {taken} taken: no request behind one of them was handled")
