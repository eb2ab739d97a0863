"""A process that cannot be started anew at once is tried again with a back-off that grows from 100
ms, not after ten seconds."""
import time

from faults import injected
from harness import PATIENCE, Server, ensure, expect, ledger, process_stat, route, wait_until

with Server([route(actions=[ledger()])], server={"listeners": 1}) as server:
    for role in ("runner", "checkpointer", "listener"):
        (old,) = server.processes(role)
        with injected(server.pid, "clone", "error=EAGAIN:when=1..2") as happened:
            server.kill(old)
            wait_until(lambda pid=old: not process_stat(pid), f"the end of the {role}")
            wait_until(happened, "fork to fail")
            begun = time.monotonic()
            wait_until(lambda what=role: server.processes(what), f"another {role}")
        took = time.monotonic() - begun
        ensure(took < 2 * PATIENCE, f"another {role} after {took:.1f} s")
        print(f"fork fails twice: another {role} after {took:.2f} s")
        server.wait_log(r"start_failed .*temporarily unavailable")
    wait_until(lambda: server.post("/hook", b"{}").status == 202, "202")
    server.wait_settled()
    expect(len(server.ledger()), 1)
