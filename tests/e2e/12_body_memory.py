"""Heads that announce bodies cost no memory; one stranger holds a share, others are served."""
from client import format_request
from harness import Server, expect, ledger, route, wait_until
from senders import github_headers

MIB, OTHERS = 1 << 20, ("127.0.0.2", "127.0.0.3")
TOKEN = {"Authorization": "Bearer a token of some length"}  # in the head
ROUTES = [route(content="raw", actions=[ledger()]),
          route("open", auth={"none": True}, content="raw"),
          route("token", auth={"token": {"bearer": TOKEN["Authorization"][7:]}}, content="raw")]


def body_of(letter, size=MIB):
    return format_request("POST", "/hook", letter * size, github_headers(letter * size))


def ask(request, source=None):
    with server.raw(timeout=10, source=source) as raw:
        return raw.send(request).answer().status


def share_is_used():  # asks, and takes nothing of it: the byte that is announced is not sent
    head = format_request("POST", "/open", b"x", {"Expect": "100-continue"})[:-1]
    with server.raw(timeout=10) as raw:
        return raw.send(head).receive().startswith(b"HTTP/1.1 503")


with Server(ROUTES, plain=True, server={"body_memory": "8MiB"}) as server:
    held = [server.raw(number % 2, timeout=10).send(body_of(b"-")[:-MIB]) for number in range(256)]
    expect([ask(body_of(b"a"), source) for source in (OTHERS[0], None)], [202, 202], "announced")
    [raw.close() for raw in held]
    held = {last: server.raw(0, timeout=10).send(body_of(last)[:-1]) for last in (b"b", b"c")}
    wait_until(share_is_used, "its share to be used")
    refused = server.request("POST", "/open", b"x")
    expect((refused.status, refused.headers["retry-after"] > "0", refused.closes), (503, 1, 1))
    expect(ask(body_of(b"d", 2)), 503, "the same where a signature is asked for")
    expect(ask(format_request("POST", "/token", b"x" * MIB, TOKEN)), 202, "known by its head")
    expect([ask(body_of(source.encode()[-1:]), source) for source in OTHERS], [202, 202], "others")
    expect([raw.send(last).answer().status for last, raw in held.items()], [202, 202], "begun")
    expect(ask(body_of(b"e")), 202, "the first client, when its bodies are answered")
