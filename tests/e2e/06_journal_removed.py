"""A journal that is removed while the server runs costs a stop no more than what still runs needs:
what has ended cannot be written any more, and nothing waits for that."""
import os
import time

from crash import WAITS, let_go
from harness import Server, ensure, expect, route, wait_until

GRACE = 20

for names in ([""], ["-wal", "-shm"]):
    with Server([route(actions=[WAITS])], server={"shutdown_grace": f"{GRACE}s"}) as server:
        event = server.post("/hook", b"{}").json()["id"]
        wait_until(lambda: server.count("delivery", "state = 'running'"), "the command to run")
        for name in names:
            os.unlink(os.path.join(server.state, "journal.db" + name))
        let_go(server)
        wait_until(lambda: server.ledger() == [event], "the command to end")
        begun = time.monotonic()
        server.stop()
        took = time.monotonic() - begun
        ensure(took < GRACE / 4, f"without {names} the stop took {took:.1f} s")
