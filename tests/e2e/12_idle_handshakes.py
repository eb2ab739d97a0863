"""A hundred clients that sent half a ClientHello: under 5 % of a core, an honest client served at
once, all gone by the deadline."""
import time

from client import Raw, half_hello
from harness import PATIENCE, Server, ensure, expect, ledger, route, wait_until

DEADLINE = 4
with Server([route(actions=[ledger()])], server={"header_timeout": f"{DEADLINE}s"}) as server:
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
    begun = time.monotonic()
    stuck = [server.raw(0, handshake=False).send(half_hello()) for _ in range(90)]
    stuck += [server.raw(0, handshake=False) for _ in range(10)]  # and ten that say nothing
    opened = time.monotonic()
    used = server.cpu_seconds()
    while time.monotonic() - opened < 2:
        ensure(all(map(Raw.is_open, stuck)) or time.monotonic() - begun > DEADLINE - 1,
               "they are waited for")
        time.sleep(0.1)
    share = (server.cpu_seconds() - used) / (time.monotonic() - opened)
    ensure(share < 0.05 or PATIENCE > 1, f"{share:.1%} of a core")
    asked = time.monotonic()
    expect(server.post("/hook", b"{}").status, 202, "an honest client")
    served = time.monotonic() - asked
    ensure(served < 0.5 * PATIENCE, f"served after {served:.2f} s")
    wait_until(lambda: not any(map(Raw.is_open, stuck)), "the last of them to be gone",
               DEADLINE + 5)
    gone = time.monotonic() - opened
    ensure(gone < DEADLINE + 1.5, f"all gone after {gone:.1f} s, deadline {DEADLINE} s")
    [raw.close() for raw in stuck]
print(f"100 half handshakes: {share:.1%} of a core, an honest client in {served * 1000:.0f} ms, "
      f"all gone after {gone:.1f} s")
