"""Heads that announce bodies cost no memory; one stranger holds a share, others are served."""
from client import format_request
from harness import Server, expect, ledger, route, wait_until
from senders import github_headers

MIB = 1 << 20
TOKEN = {"Authorization": "Bearer a token of some length"}  # in the head
SIGNED, OPEN = route(content="raw", actions=[ledger()]), route("open", auth={"none": True}, content="raw")
KNOWN = route("token", auth={"token": {"bearer": TOKEN["Authorization"][7:]}}, content="raw")


def body_of(letter, size=MIB):
    return format_request("POST", "/hook", letter * size, github_headers(letter * size))


def ask(source, request):
    with server.raw(timeout=10, source=source) as raw:
        return raw.send(request).answer().status


def share_is_used():
    """Asks, and takes nothing of it: the byte that is announced is not sent."""
    with server.raw(timeout=10) as raw:
        return raw.send(format_request("POST", "/open", b"x", {"Expect": "100-continue"})[:-1]).receive().startswith(b"HTTP/1.1 503")


with Server([SIGNED, OPEN, KNOWN], plain=True, server={"body_memory": "8MiB"}) as server:
    held = [server.raw(number % 2, timeout=10).send(body_of(b"-")[:-MIB]) for number in range(256)]
    expect([ask(source, body_of(b"a")) for source in ("127.0.0.2", None)], [202, 202], "others and the client, while 256 are announced")
    [raw.close() for raw in held]
    held = [server.raw(0, timeout=10).send(body_of(letter)[:-1]) for letter in (b"b", b"c")]  # a fourth, but for two bytes
    wait_until(share_is_used, "its share to be used")
    refused = server.request("POST", "/open", b"x")
    expect((refused.status, int(refused.headers["retry-after"]) > 0, refused.closes), (503, True, True), "503, Retry-After and the end")
    expect(ask(None, body_of(b"d", 2)), 503, "the same where a signature is asked for")
    expect(ask(None, format_request("POST", "/token", b"x" * MIB, TOKEN)), 202, "the same, known by its head")
    expect([ask(source, body_of(source.encode()[-1:])) for source in ("127.0.0.2", "127.0.0.3")], [202, 202], "other clients")
    expect([raw.send(letter).answer().status for letter, raw in zip((b"b", b"c"), held)], [202, 202], "those that had begun")
    expect(ask(None, body_of(b"e")), 202, "the first client, when its bodies are answered")
print("256 announced bodies cost nothing; beyond a fourth of the memory one client is asked to wait, and only it")
