"""After a storm of bad connections (1,500; $TENTERHOOK_STORM) the server is what it was."""
import os
import time

from framing import signed_request
from harness import PATIENCE, QUICK, Server, ensure, expect, ledger, route, wait_until
from senders import ACKNOWLEDGED
from storm import KINDS, KINDS_TLS, Storm, footprint

ALL = 2 * len(KINDS) + len(KINDS_TLS)
COUNT = int(os.environ.get("TENTERHOOK_STORM", ALL if QUICK else 1500 - ALL))
SLACK_KIB = 4096  # a connection costs 24 and more: 1,500 that are kept would be 36,000
BODY = b"x" * (4 << 20)  # all of body_memory: it passes if nothing of it is held any more

def descriptors():
    return [len(os.listdir(f"/proc/{pid}/fd")) for pid in pids]

server = {"header_timeout": "1s", "body_timeout": "1s", "idle_timeout": "1s", "body_memory": "4MiB"}
with Server([route(content="raw", max_body="4MiB", actions=[ledger()])], plain=True, server=server,
            log={"level": "error"}) as server:
    pids, storm = server.processes("listener"), Storm(server.addresses, server.certificate,
                                                      8 * PATIENCE)
    before, resting = descriptors(), []
    for count in (ALL, COUNT):
        storm.run(count)
        expect(dict(storm.left_open), {}, "connections that were not ended in time")
        wait_until(lambda: descriptors() == before, f"{before} descriptors, as before")
        resting.append(wait_until(lambda: (now := footprint(pids, 1.2)).idle_share < 0.05 and now,
                                  "an idle processor"))
    expect(server.processes("listener"), pids, "no listener died")
    ensure(resting[1].private_kib < resting[0].private_kib + SLACK_KIB or PATIENCE > 1,
           f"private memory: {resting}")
    for index in (0, 1):
        with server.raw(index, timeout=20) as raw:
            expect(raw.send(signed_request("/hook", BODY)).answer().status, ACKNOWLEDGED,
                   "a body as large as all body_memory")
    begun = time.monotonic()
    server.stop()
    ensure((took := time.monotonic() - begun) < 2 * PATIENCE, f"stopped after {took:.1f} s")
print(f"{sum(storm.sent.values())} of {len(storm.sent)} kinds: {resting[0]}, then {resting[1]}")
