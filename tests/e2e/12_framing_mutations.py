"""A034 (4,000; $TENTERHOOK_MUTATIONS for the million): mutated requests at the raw socket crash
nothing and leave no event behind."""
import os
import random
import re

from framing import mutate, signed_request
from harness import QUICK, Server, ensure, expect, in_threads, ledger, route

ROUNDS, THREADS = int(os.environ.get("TENTERHOOK_MUTATIONS", 500 if QUICK else 4000)), 4
SEED = random.randrange(1 << 32)


def attack(number):
    rng = random.Random(SEED + number)
    # no mutation mends this signature: whatever survives is refused
    request = re.sub(rb"sha256=[0-9a-f]{64}", b"sha256=" + b"0" * 64, signed_request("/hook"))
    for _ in range(ROUNDS // THREADS):
        with server.raw() as raw:
            try:
                raw.send(mutate(rng, request))
                raw.socket.shutdown(1)
                raw.socket.settimeout(0.05)
                raw.receive()
            except OSError:
                pass


with Server([route(actions=[ledger()])], plain=True, log={"level": "error"},
            server={"header_timeout": "2s", "body_timeout": "2s"}) as server:
    before = server.processes("listener")
    in_threads(attack, [(number,) for number in range(THREADS)], 180 + ROUNDS / 500)
    expect(server.processes("listener"), before, f"no listener died (seed {SEED})")
    expect(server.count(), 0, f"events (seed {SEED})")
    expect(server.post("/hook", b"{}").status, 202, "the next honest request")
print(f"{ROUNDS} mutated requests (seed {SEED}): no crash, no event")
