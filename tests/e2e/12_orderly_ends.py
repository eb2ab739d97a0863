"""A client that ends its TLS connection in order has no line in the log for it."""
import socket
import ssl

from harness import Server, ensure, expect, ledger, route, wait_until

REQUEST = b"POST /hook HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"

def talk(server, requests, version):
    """Sends them one after the other, then close_notify; the connection is closed by the server."""
    context = ssl.create_default_context(cafile=server.certificate)
    context.minimum_version = context.maximum_version = version
    with socket.create_connection(("127.0.0.1", int(server.addresses[0].rpartition(":")[2])),
                                  10) as client:
        session = context.wrap_socket(client, server_hostname="localhost")
        for _ in range(requests):
            session.sendall(REQUEST)
            answer = b""
            while not answer.endswith(b"}"):
                answer += session.recv(65536)
            ensure(answer.startswith(b"HTTP/1.1 202"), "accepted")
        try:
            session.unwrap()
        except ssl.SSLError:  # tickets of TLS 1.3 that nobody has read
            pass
        with socket.socket(fileno=session.detach()) as plain:
            plain.settimeout(10)
            while plain.recv(65536):
                pass

with Server([route(auth={"none": True}, content="raw", actions=[ledger()])]) as server:
    for version in (ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3):
        for requests in (0, 1, 3) * 5:
            talk(server, requests, version)
    wait_until(lambda: server.established(0) == 0, "all connections to be closed")
    server.wait_settled()
    expect(len(server.ledger()), 40, "events")
    lines = [line for line in server.log().splitlines() if "listener: refused" in line
             or "handshake_failed" in line]
    expect(lines, [], "lines about requests that nobody made")
