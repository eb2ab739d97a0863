"""PROXY headers, plain and before TLS: split, wrong, late, of a stranger, to the byte."""
from client import Raw, format_request, tls_context
from harness import Server, expect, route
from senders import github_headers

V2 = b"\r\n\r\n\0\r\nQUIT\n"
ALICE, TRUSTED = (V2 + b"\x21\x11\0\x0c" + bytes(address) + b"\x7f\0\0\1\0\x09\1\xbb" for address in ((192, 0, 2, 7), (10, 0, 0, 1)))
TLV = V2 + b"\x21\x11\0\x10" + ALICE[16:] + b"\x04\0\x01\0"
LINE, LOCAL, SAYS = b"PROXY TCP4 192.0.2.7 127.0.0.1 9 443\r\n", V2 + b"\x20\0\0\0", {"X-Forwarded-For": "203.0.113.5"}
CASES = [("a line", LINE, {}, "192.0.2.7"), ("binary", ALICE, {}, "192.0.2.7"), ("with extensions", TLV, {}, "192.0.2.7"),
         ("a stranger's header", ALICE, SAYS, "192.0.2.7"), ("a trusted one's", TRUSTED, SAYS, "203.0.113.5"),
         ("its own", LOCAL, SAYS, "127.0.0.1"), ("nobody's", b"PROXY UNKNOWN\r\n", SAYS, "127.0.0.1")]
WRONG = [(b"\x16\x03\x01\x02\x00\x01", "no PROXY header", None), (b"GET / HTTP/1.1\r\n\r\n", "no PROXY header", None),
         (b"PROXY TCP4 x\r\n", "is malformed", None), (V2 + b"\x21\x11\xff\xff", "is too long", None),
         (b"", "trusted_proxies alone", "127.0.0.2"), (ALICE[:20], "did not come in time", None)]


def ask(header, more, tls):
    request = format_request("POST", "/hook", b"{}", {**github_headers(b"{}"), **more})
    if not tls:  # all in one piece
        return Raw(server.addresses[1]).send(header + request).answer().json()["id"]
    with Raw(server.addresses[0], handshake=False) as raw:
        for at in range(len(header)):
            raw.send(header[at:at + 1])
        raw.socket = tls_context(server.certificate).wrap_socket(raw.socket, server_hostname="localhost")
        return raw.send(request).answer().json()["id"]


TLS = {"certificate": "server.crt", "key": "server.key"}
listen = [{"address": "127.0.0.1:0", "tls": tls, "proxy_protocol": "required"} for tls in (TLS, "off")]
with Server([route()], listen=listen, server={"trusted_proxies": ["127.0.0.1", "10.0.0.1"], "header_timeout": "600ms"}) as server:
    for name, header, more, client in CASES:
        for tls in True, False:
            expect(server.query("SELECT client FROM event WHERE id = ?", ask(header, more, tls)), [(client,)], name)
    for data, reason, source in WRONG:
        _ = source and server.reload()  # a listener logs five at once
        expect(Raw(server.addresses[1], source=source).send(data).read_all(), b"", reason)
        server.wait_log("proxy_refused .*" + reason)
    Raw(server.addresses[1]).close()
    expect(server.log().count("proxy_refused"), len(WRONG), "lines of the log")
