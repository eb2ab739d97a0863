"""A client that offers protocols by ALPN gets HTTP/1.1, or is told so in the handshake."""
import socket
import ssl

from harness import Server, ensure, expect, route, wait_until

NO_APPLICATION_PROTOCOL = b"\x02\x78"  # an alert that Python does not know by name; fatal

def connect(server):
    port = int(server.addresses[0].rpartition(":")[2])
    return socket.create_connection(("127.0.0.1", port), timeout=20)

def settle(server, context):
    with connect(server) as plain, context.wrap_socket(plain,
                                                       server_hostname="localhost") as session:
        session.sendall(b"POST /hook HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}")
        expect(session.recv(12), b"HTTP/1.1 401", "an answer")
        return session.selected_alpn_protocol()

def refused(server, context):
    hello = ssl.MemoryBIO()
    try:
        context.wrap_bio(ssl.MemoryBIO(), hello, server_hostname="localhost").do_handshake()
    except ssl.SSLWantReadError:
        with connect(server) as plain:
            plain.sendall(hello.read())
            return plain.makefile("rb").read()[5:]

with Server([route()]) as server:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        for protocols, wanted in (
                ([], None), (["http/1.1"], "http/1.1"), (["h2", "http/1.1"], "http/1.1"),
                (["h2"], NO_APPLICATION_PROTOCOL), (["h2", "x"], NO_APPLICATION_PROTOCOL)):
            context = ssl.create_default_context(cafile=server.certificate)
            context.minimum_version = context.maximum_version = version
            context.set_alpn_protocols(protocols)
            expect((refused if isinstance(wanted, bytes) else settle)(server, context), wanted,
                   f"{protocols} {version}")
    wait_until(lambda: "handshake_failed" in server.log(), "a line in the log")
    ensure("offers no supported protocol by ALPN (http/1.1)" in server.log(), "the offer")
