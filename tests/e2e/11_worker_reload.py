"""Reloads under load: there are never two workers of one action, and what a worker has it answers:
no event comes twice."""
from harness import QUICK, Server, expect, route, wait_until
from senders import Load
from workers import OBEDIENT, worker, worker_pids

# Says so if there is another one.
ALONE = """
import fcntl
lock = open(f"{OUT}/lock", "w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    note("two", "two")
"""
RELOADS = 3 if QUICK else 8
with Server([route(actions=[worker(ALONE + OBEDIENT)])]) as server:
    with Load(server, 4) as load:
        for turn in range(RELOADS):
            before = len(server.ledger())
            wait_until(lambda: len(server.ledger()) > before + 20, "the worker to work")
            server.reload()
            wait_until(lambda: len(worker_pids(server)) == turn + 2, "the next worker")
    server.wait_settled()
    runs = server.ledger()
    expect((set(runs), len(runs)), (set(load.acknowledged.values()), len(load.acknowledged)))
    expect(server.read("two"), b"")
