"""PROXY headers, plain and before TLS: split, wrong, late, of a stranger, to the byte."""
from client import Raw, format_request
from harness import Server, expect, route
from proxy import V2, binary
from senders import github_headers

ALICE, TRUSTED, TLV = map(binary, ("192.0.2.7", "10.0.0.1", "192.0.2.7"), (b"", b"", b"\4\0\1\0"))
LINE, LOCAL = b"PROXY TCP4 192.0.2.7 127.0.0.1 9 443\r\n", V2 + b"\x20\0\0\0"
SAYS, CLIENT = {"X-Forwarded-For": "203.0.113.5"}, "SELECT client FROM event WHERE id = ?"
CASES = [("a line", LINE, {}, "192.0.2.7"), ("binary", ALICE, {}, "192.0.2.7"),
         ("with extensions", TLV, {}, "192.0.2.7"), ("a stranger's", ALICE, SAYS, "192.0.2.7"),
         ("a trusted one's", TRUSTED, SAYS, "203.0.113.5"), ("its own", LOCAL, SAYS, "127.0.0.1"),
         ("nobody's", b"PROXY UNKNOWN\r\n", SAYS, "127.0.0.1")]
WRONG = [(b"\x16\x03\x01\x02\x00\x01", "no PROXY header"), (b"GET / HTTP/1.1\r\n\r\n", "no PROXY"),
         (b"PROXY TCP4 x\r\n", "is malformed"), (V2 + b"\x21\x11\xff\xff", "is too long"),
         (b"", "only trusted_proxies may connect", "127.0.0.2"), (ALICE[:20], "not come in time")]


def ask(header, more, tls):
    request = format_request("POST", "/hook", b"{}", {**github_headers(b"{}"), **more})
    if not tls:  # all in one piece
        return Raw(server.addresses[1]).send(header + request).answer().json()["id"]
    with server.raw(0, handshake=False) as raw:
        [raw.send(bytes([byte])) for byte in header]
        return raw.shake_hands(server.certificate).send(request).answer().json()["id"]


LISTEN = [{"address": "127.0.0.1:0", "tls": tls, "proxy_protocol": "required"}
          for tls in ({"certificate": "server.crt", "key": "server.key"}, "off")]
LIMITS = {"trusted_proxies": ["127.0.0.1", "10.0.0.1"], "header_timeout": "600ms"}
with Server([route()], listen=LISTEN, server=LIMITS) as server:
    for name, header, more, client in CASES:
        for tls in True, False:
            expect(server.query(CLIENT, ask(header, more, tls)), [(client,)], name)
    for data, reason, *source in WRONG:
        _ = source and server.reload()  # a listener logs five at once
        expect(server.raw(1, source=(source or [None])[0]).send(data).read_all(), b"", reason)
        server.wait_log("proxy_refused .*" + reason)
    Raw(server.addresses[1]).close()
    expect(server.log().count("proxy_refused"), len(WRONG), "lines of the log")
