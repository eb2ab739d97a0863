"""A lock on the journal that another process holds for a second delays and refuses nothing; one
that stays is answered 503."""
import sqlite3
import threading
import time

from harness import PATIENCE, Server, ensure, expect, ledger, route, script, wait_until
from senders import Load

with Server([route(actions=[ledger()]), route("slow", actions=[script("sleep 0.3")])]) as server:
    journal = sqlite3.connect(f"{server.state}/journal.db", isolation_level=None,
                              check_same_thread=False, timeout=10)
    for _ in range(3):
        expect(server.post("/slow", b"{}").status, 202)  # ends while the lock is held
        with Load(server, 4) as load:
            wait_until(lambda: load.acknowledged, "the load to flow")
            journal.execute("BEGIN IMMEDIATE")
            threading.Timer(1, journal.execute, ["ROLLBACK"]).start()
            wait_until(lambda: not journal.in_transaction, "the end of the lock")
            before = len(load.acknowledged)
            wait_until(lambda: len(load.acknowledged) > before + 20, "the load to flow again")
        ensure(not load.refused and not load.broken,
               f"nothing is refused: {load.refused[:2]} {load.broken}")
    journal.execute("BEGIN IMMEDIATE")
    begun = time.monotonic()
    answer = server.post("/hook", b"{}")
    took = time.monotonic() - begun
    expect((answer.status, int(answer.headers["retry-after"]) >= 1), (503, True),
           "a lock that stays")
    ensure(1.5 < took < 3 * PATIENCE, f"refused after {took:.1f} s")
    journal.execute("ROLLBACK")
    wait_until(lambda: server.post("/hook", b"{}").status == 202, "202 when the lock is gone")
    journal.close()
    server.wait_settled()
print(f"three seconds of locks: nothing refused; a lock that stays: 503 after {took:.1f} s, then "
      f"202 again")
