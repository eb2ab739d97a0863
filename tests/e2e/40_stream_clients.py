"""Clients of a stream: curl, one of HTTP/1.0, one that sends no more, one that sends too much, ones
that go away; none holds up a command."""
import socket
import subprocess

from client import Raw, format_request
from harness import Server, expect
from streams import Stream, open_gate, streamed

ROUTES = [{**streamed(exit_line=True), "track": True}]
with Server(ROUTES, plain=True, server={"commands": 16}) as server:
    say = open_gate(server)
    url = server.addresses[0].replace("127.0.0.1", "localhost") + "/streamed"
    with subprocess.Popen(["curl", "-sSN", "--cacert", server.certificate, "-d", "x", url],
                          stdout=subprocess.PIPE) as curl:
        expect(curl.stdout.readline(), b"begun\n")
        say(b"from curl\n")
        expect(curl.stdout.readline(), b"from curl\n")
        say(b"3\n")
        expect(curl.stdout.read(), b"exit status 3\n")
    with server.connect() as raw:
        say(b"old\n7\n")
        raw.send(format_request("POST", "/streamed", b"x").replace(b"/1.1", b"/1.0", 1))
        answer = raw.answer()
        expect((answer.status, answer.body, answer.headers["tenterhook-exit-status"],
                "location" in answer.headers), (500, b"begun\nold\nexit status 7\n", "7", True))
        expect(server.request("HEAD", "/streamed").status, 405)
    with server.connect(1) as raw:
        answer = Stream(raw).wait(b"begun\n")
        raw.send(format_request("POST", "/streamed", b"x") * 500)  # nothing behind it is taken
        raw.socket.shutdown(socket.SHUT_WR)
        say(b"0\n")
        expect((answer.rest(), raw.read_all(), "location" in answer.headers),
               ((b"begun\nexit status 0\n", "0"), b"", True))
    for leave in (Raw.reset, Raw.close):
        with server.connect() as raw:
            leave(Stream(raw).wait(b"begun\n").raw)
        say(b"x\n" * 3 + b"0\n")
        server.wait_settled()
    expect(server.count("delivery", "state = 'done'"), 3)
