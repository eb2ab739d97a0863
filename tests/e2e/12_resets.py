"""A040 to A043: clients that never read, reset or half-close leave no event by halves."""
import socket

from client import format_request
from framing import head, signed_request
from harness import PATIENCE, Server, expect, ledger, route, wait_until
from senders import github_headers

BODY = b"x" * 100000
full_head = format_request("POST", "/hook", BODY, github_headers(BODY))[:-len(BODY)]
with Server([route(content="raw", actions=[ledger()])], plain=True,
            server={"body_timeout": "3s", "header_timeout": "3s", "idle_timeout": "3s"}) as server:
    for index in (0, 1):
        server.raw(index).send(full_head + BODY[:50000]).reset()  # A041: RST in the body
        with server.raw(index, timeout=5 * PATIENCE) as raw:  # A041: FIN in the body
            raw.send(full_head + BODY[:50000]).socket.shutdown(socket.SHUT_WR)
            raw.read_all()
    wait_until(lambda: server.established(1) == 0, "the slots to be free", 2)
    with server.raw(timeout=10) as raw:  # A041: FIN in the segment of head and half the body
        raw.send(full_head + BODY[:100]).socket.shutdown(socket.SHUT_WR)
        wait_until(lambda: server.established(1) == 0, "the slot, by the body's deadline", 20)
    expect(server.count(), 0, "events of half bodies")
    for _ in range(20):  # A042: RST right behind the body
        server.raw().send(signed_request("/hook")).reset()
    wait_until(lambda: server.established(1) == 0, "the slots to be free", 2)
    server.wait_settled()
    expect(len(server.ledger()), journalled := server.count(), "run is what is journalled, once")
    with server.raw(timeout=10) as raw:  # A043: half-close behind a whole request
        raw.send(signed_request("/hook")).socket.shutdown(socket.SHUT_WR)
        expect(raw.answer().status, 202, "A043")
    with server.raw(receive_buffer=1024) as raw:  # A040: never reads its answers
        raw.socket.settimeout(0.2)
        bad = head("Content-Length: 5").replace(b"sha256=", b"sha256=f") + b"hello"
        try:
            raw.send(bad * 50000)
        except OSError:
            pass  # the server reads no more: its answers are not taken
        wait_until(lambda: server.established(1) == 0, "A040: freed", 12)
    expect(server.post("/hook", b"{}").status, 202)
print(f"no event by halves; {journalled} of 20 reset requests are journalled and ran once")
