"""A chunked body that is cut because it goes on and on has its line in the log, like one that is
answered."""
import socket

from harness import Server, ensure, expect, ledger, route, wait_until

HEAD = b"POST /hook HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"


def send(server, chunks, end):
    """Chunks of 1 KiB; what came back until the server closed, or nothing where we go first."""
    with socket.create_connection(("127.0.0.1", int(server.addresses[1].rpartition(":")[2])),
                                  10) as client:
        try:
            client.sendall(HEAD + (b"400\r\n" + b"x" * 1024 + b"\r\n") * chunks + end)
            return client.recv(65536) if chunks > 2 else b""
        except ConnectionError:  # cut while we were sending
            return b""


with Server([route(auth={"none": True}, content="raw", max_body="1KiB", actions=[ledger()])],
            plain=True) as server:
    for number, (chunks, end, answered) in enumerate([
            (3, b"0\r\n\r\n", False), (2, b"0\r\n\r\n", None), (2, b"400\r\nxx", None),
            (64, b"", False)]):
        answer = send(server, chunks, end)
        ensure(answered is None or not answer.startswith(b"HTTP/1.1 2"), f"no 2xx: {answer!r}")
        wait_until(lambda: server.log().count("status=413") == number + 1,
                   f"a line for {chunks} chunks")
    expect(server.log().count("listener: refused "), 4, "lines of refusals")
    expect(server.post("/hook", b"{}").status, 202)
