"""A user's processes may stop each other, also one that is about to begin, for which the runner
waits: that holds up nobody else."""
import os
import time

from facts import only_root
from harness import PATIENCE, Server, ensure, expect, route, script, wait_until

only_root()
user = "games"  # of no other test: all of its processes are stopped
# stops whatever of its user is new
STOPS = r"""
import os, signal, time
end = time.monotonic() + 600
open(os.environ["OUT"] + "/stops", "w").close()
while time.monotonic() < end:
    last = int(open("/proc/sys/kernel/ns_last_pid").read())
    for pid in range(last - 3, last + 1):
        try: pid == os.getpid() or os.kill(pid, signal.SIGSTOP)
        except OSError: pass
"""
# ten thousand places of PATH to look at: that takes a while
begins = {"command": ["true"], "env": {"PATH": ":".join(f"/none/{i}" for i in range(9999))},
          "user": user, "timeout": "1s", "kill_after": "0s"}
routes = [route("stops", actions=[{"command": ["/usr/bin/python3", "-c", STOPS], "user": user,
                                   "env": {"OUT": "@OUT@"}, "kill_after": "0s"}]),
          route("begins", actions=[begins]),
          route("others", actions=[script('echo x >>"$OUT/done"', stdin="none")])]
with Server(routes, start=False, server={"shutdown_grace": "1s"}) as server:
    os.chmod(server.out, 0o777)
    server.start()
    server.post("/stops", b"{}")
    wait_until(lambda: os.path.exists(f"{server.out}/stops"), "it to begin")
    begun = time.monotonic()
    for _ in range(8):
        expect(server.post("/begins", b"{}").status, 202)
        expect(server.post("/others", b"{}").status, 202)
    wait_until(lambda: len(server.ledger("done")) == 8, "the others")
    ensure(time.monotonic() - begun < 15 * PATIENCE, "the others were held up")
print(f"held up for {time.monotonic() - begun:.1f} s")
