"""A full server gives up the connection that is longest unused, and none that is in use."""
import os

from client import format_request
from framing import signed_request
from harness import Server, ensure, expect, route, wait_until
from senders import ACKNOWLEDGED, github_headers

HEAD = format_request("POST", "/hook", b"{}",
                      {**github_headers(b"{}"), "Expect": "100-continue"})[:-2]
OPENED = {(64, 1): "64 of 64", (256, 2): "256 of 256 of two listeners"}

def serve(limit, listeners):
    return Server([route()], plain=True, server={"connections": limit, "listeners": listeners})

def descriptors(server):
    return sum(len(os.listdir(f"/proc/{pid}/fd")) for pid in server.processes("listener"))

for (limit, listeners), what in OPENED.items():
    with serve(limit, listeners) as server:
        before = descriptors(server)
        made = [server.raw(timeout=10) for _ in range(limit)]
        wait_until(lambda: descriptors(server) >= before + limit, f"{what} to be accepted")
        expect([raw.is_open() for raw in made], [True] * limit, what)
        late = server.raw(timeout=10).send(signed_request("/hook"))
        expect(late.answer().status, 202, "one more")
        gone = [number for number, raw in enumerate(made) if not raw.is_open()]
        ensure(len(gone) == 1 and (gone == [0] or listeners > 1),
               f"the one unused for longest is given up, not {gone}")
        [raw.close() for raw in [*made, late]]
    with serve(limit, listeners) as server:
        made = [server.raw(timeout=10).send(HEAD) for _ in range(limit)]
        expect([raw.receive() for raw in made], [b"HTTP/1.1 100 Continue\r\n\r\n"] * limit,
               "the bodies are asked for")
        late = server.raw(timeout=10).send(signed_request("/hook"))
        expect(made[0].send(b"{}").answer().status, ACKNOWLEDGED, "one that was in use")
        expect(late.answer().status, 202, "who has waited")
        expect([raw.is_open() for raw in made], [False] + [True] * (limit - 1), "those in use")
        [raw.close() for raw in [*made, late]]
print(f"{' and '.join(OPENED.values())} are let in, one more costs one that was unused")
