"""What libmicrohttpd refuses by itself, and a failed handshake, has its line in the log."""
import socket

from harness import Server, ensure, expect, ledger, library_version, route, wait_until

SENT = {  # and whether there is an answer; libmicrohttpd 1.0 has one more often
    b"GET /" + b"x" * 40000 + b" HTTP/1.1\r\nHost: a\r\n\r\n": True, b"GET /\r\n\r\n": True,
    b"GET / HTTP/2.0\r\nHost: a\r\n\r\n": True, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n": True,
    b"GARBAGE\r\n\r\n": False, b"GET\t/\tHTTP/1.1\r\nHost: a\r\n\r\n": False,
    b"POST /a b HTTP/1.1\r\nHost: a\r\n\r\n": False}

def count(server):
    log = server.log()
    return log.count("listener: refused ") + log.count("handshake_failed")

def send(server, index, data):
    """Returns what came back until the server closed."""
    port = int(server.addresses[index].rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), 10) as client:
        client.sendall(data)
        answer = b""
        while piece := client.recv(65536):
            answer += piece
        return answer

with Server([route(actions=[ledger()])], plain=True) as server:
    for data, answered in SENT.items():
        before = count(server)
        answer = send(server, 1, data)
        ensure(not answer or answer.startswith((b"HTTP/1.1 4", b"HTTP/1.1 505")),
               f"{data[:20]!r}: {answer!r}")
        if answered or library_version("libmicrohttpd") < (1,):
            expect(b"HTTP/1.1 " in answer, answered, repr(data[:20]))
        wait_until(lambda: count(server) == before + 1, f"one line for {data[:20]!r}")
    before = count(server)
    send(server, 0, b"GET / HTTP/1.1\r\nHost: a\r\n\r\n")  # in the clear, to the address of TLS
    wait_until(lambda: count(server) == before + 1, "a line for the handshake")
    ensure("handshake_failed" in server.log() and "x" * 200 not in server.log(), "short lines")
    expect(server.post("/hook", b"{}").status, 202)
print(f"{len(SENT)} requests that are none and a failed handshake: a line in the log for each")
