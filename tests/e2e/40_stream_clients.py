"""Clients of a stream: curl, HTTP/1.0, HEAD, one that sends no more, one that sends too much, one
that does not read, ones that go away: none holds up a command or another client."""
import os
import select
import socket
import subprocess

from client import format_request
from harness import Server, expect, wait_until
from streams import Stream, open_gate, streamed

FLOOD = streamed("flood", "head -c 1000000 /dev/zero", size="1MiB", action={"output": "1MiB"})
with Server([streamed(exit_line=True), FLOOD], plain=True,
            server={"listeners": 1, "body_timeout": "1s", "commands": 16}) as server:
    path = os.path.join(server.directory, "socket")
    server.settings["server"]["listen"].append({"address": "unix:" + path, "tls": "off"})
    server.write_settings()
    server.reload()
    server.addresses.append("unix:" + path)
    say = open_gate(server)
    with subprocess.Popen(["curl", "-sSN", "--cacert", server.certificate, "-d", "x", "-D", "-",
                           server.addresses[0].replace("127.0.0.1", "localhost") + "/streamed"],
                          stdout=subprocess.PIPE) as curl:
        while curl.stdout.readline() != b"begun\n":
            pass
        say(b"from curl\n")
        expect(curl.stdout.readline(), b"from curl\n")
        say(b"3\n")
        expect(curl.stdout.read(), b"exit status 3\nTenterhook-Exit-Status: 3\r\n", b"exit status 3\n")
    with server.connect() as raw:
        raw.send(format_request("POST", "/streamed", b"x").replace(b"/1.1", b"/1.0", 1))
        say(b"old\n7\n")
        answer = raw.answer()
        expect((answer.status, answer.body, answer.headers["tenterhook-exit-status"]),
               (500, b"begun\nold\nexit status 7\n", "7"))
        expect(server.request("HEAD", "/streamed").status, 405)
    with server.connect(1) as raw:
        answer = Stream(raw).wait(b"begun\n")
        raw.send(format_request("POST", "/streamed", b"x") * 500)  # nothing behind it is taken
        raw.socket.shutdown(socket.SHUT_WR)
        say(b"0\n")
        expect((answer.rest(), raw.read_all()), ((b"begun\nexit status 0\n", "0"), b""))
    for leave in ("reset", "close"):
        with server.connect() as raw:
            Stream(raw).wait(b"begun\n")
            getattr(raw, leave)()
        say(b"x\n" * 3 + b"0\n")
        server.wait_settled()
    with server.connect(2) as deaf, server.connect(2) as other:
        Stream(deaf, "/flood")
        server.wait_log("accepted .* route=flood .* status=200 ms")  # all of it is in the listener
        expect(len(Stream(other, "/flood").rest()[0]), 1000000)
        poll = select.poll()
        poll.register(deaf.socket, 0)
        wait_until(lambda: poll.poll(0), "the deaf one to be cut off")
        expect((len(deaf.read_all()) < 1000000, b"Tenterhook-Exit" in deaf.buffer), (True, False))
    server.wait_settled()
    expect(server.count("delivery", "state = 'done'"), 5)
print("nine clients")
