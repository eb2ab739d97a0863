"""A036, A038: dripping heads and endless empty lines end at the head's deadline, memory flat."""
import time

from framing import head
from harness import PATIENCE, Server, ensure, expect, in_threads, ledger, library_version, route
from storm import footprint

DEADLINE = 3
ended = {}


def drip(name, index, data, step, pause):
    with server.raw(index) as raw:
        begun = time.monotonic()
        raw.drip(data, step, pause)
        ended[name] = time.monotonic() - begun


with Server([route(actions=[ledger()])], plain=True,
            server={"header_timeout": f"{DEADLINE}s"}) as server:
    for index in (0, 1) * 8:  # what a listener makes once, it has made
        expect(server.request("GET", "/nowhere", index=index).status, 404)
    before = footprint(server.processes("listener"), 0).private_kib
    long_head = head(*["X-Filler: " + "x" * 60 for _ in range(40)])
    cases = [("A036 head, TLS", 0, long_head, 1, 0.2), ("A036 head", 1, long_head, 1, 0.2),
             ("A038 empty lines, TLS", 0, b"\r\n" * 300000, 60, 0.01),
             ("A038 empty lines", 1, b"\r\n" * 300000, 60, 0.01)]
    in_threads(drip, cases)
    for name, took in ended.items():
        at_once = "empty" in name and library_version("libmicrohttpd") >= (1,)  # which it refuses
        least = 0 if at_once else DEADLINE - 1
        ensure(least <= took < DEADLINE + 1.5 * PATIENCE, f"{name}: closed after {took:.1f} s")
    expect(len(ended), 4)
    # theirs alone: pages that others share come and go with the machine's load
    grown = footprint(server.processes("listener"), 0).private_kib - before
    ensure(grown < 1024 or PATIENCE > 1, f"grew by {grown} KiB")
    expect(server.count(), 0)
    expect(server.post("/hook", b"{}").status, 202)
print(", ".join(f"{name}: {seconds:.1f} s" for name, seconds in ended.items())
      + f" (deadline {DEADLINE} s), {grown} KiB")
