"""Heads that announce bodies cost nobody memory; one client holds a share before it has shown who it is, the others are served."""
import os

from client import format_request
from harness import Server, expect, ledger, route, wait_until
from senders import github_headers

MIB = 1 << 20
TOKEN = {"Authorization": "Bearer a token of some length"}  # in the head
announced = format_request("POST", "/hook", b"x" * MIB, github_headers(b"x" * MIB))[:-MIB]

def body_of(letter, size=MIB):
    body = letter * size
    return format_request("POST", "/hook", body, github_headers(body))

def ask(source, request, index=-1):
    with server.raw(index, timeout=10, source=source) as raw:
        return raw.send(request).answer().status

routes = [route(content="raw", actions=[ledger()]), route("open", auth={"none": True}, content="raw"),
          route("token", auth={"token": {"bearer": TOKEN["Authorization"][7:]}}, content="raw")]
with Server(routes, plain=True, server={"body_memory": "8MiB"}) as server:
    held = [server.raw(number % 2, timeout=10).send(announced) for number in range(256)]
    expect(ask("127.0.0.2", body_of(b"a")), 202, "another client, while 256 bodies are announced")
    expect(ask(None, body_of(b"b")), 202, "the client itself")
    [raw.close() for raw in held]
    # all but the last byte of what a client may hold, a fourth of 8 MiB, with any listener
    held = [server.raw(0, timeout=10).send(body_of(bytes([letter]))[:-1]) for letter in (1, 2)]
    refused = wait_until(lambda: (answer := server.request("POST", "/open", b"x")).status == 503 and answer, "its share to be used")
    expect(int(refused.headers["retry-after"]) > 0 and refused.closes, True, "503 with Retry-After, and the end")
    expect(ask(None, body_of(b"c", 2)), 503, "the same on a route that asks for a signature")
    expect(ask(None, format_request("POST", "/token", b"x" * MIB, TOKEN)), 202, "the same, known by its head")
    for source in ("127.0.0.2", "127.0.0.3"):
        expect(ask(source, body_of(os.urandom(1))), 202, "another client")
    expect([raw.send(bytes([letter])).answer().status for letter, raw in zip((1, 2), held)], [202, 202], "those that had begun")
    [raw.close() for raw in held]
    expect(ask(None, body_of(b"d")), 202, "the first client, when its bodies are answered")
print("256 announced bodies cost nothing; beyond a fourth of the memory one client is asked to wait, and only it")
