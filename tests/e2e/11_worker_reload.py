"""A reload and a stop with unanswered events: there are never two workers of one action, what the
worker has is answered or comes again, and nothing is lost."""
import os

from harness import QUICK, Server, ensure, expect, route, wait_until
from senders import Load
from workers import worker, worker_pids

# Says so if there is another one.
ALONE = """
import fcntl
lock = open(f"{OUT}/lock", "w")
try:
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
except BlockingIOError:
    note("two", "two")
waits = os.path.exists(f"{OUT}/wait")
for event in events():
    note(event["id"], "held" if waits else "ledger")
    if not waits:
        say(event, ok=True)
"""
RELOADS = 3 if QUICK else 8
with Server([route(actions=[worker(ALONE, kill_after="2s")])],
            server={"shutdown_grace": "4s"}) as server:
    with Load(server, 4) as load:
        for _ in range(RELOADS):
            before = len(server.ledger())
            wait_until(lambda: len(server.ledger()) > before + 20, "the worker to work")
            server.reload()
    server.wait_settled()
    runs = server.ledger()
    expect((set(runs), len(runs)), (set(load.acknowledged.values()), len(load.acknowledged)))
    open(os.path.join(server.out, "wait"), "w", encoding="ascii").close()
    server.reload()
    wait_until(lambda: len(worker_pids(server)) == RELOADS + 2, "a worker that answers nothing")
    held = {server.post("/hook", b"{}").json()["id"] for _ in range(5)}
    wait_until(lambda: len(server.ledger("held")) == 5, "it to have all of them")
    server.stop()
    os.unlink(os.path.join(server.out, "wait"))
    server.start()
    server.wait_settled()
    ensure(held <= set(server.ledger()), "events that the stop has interrupted")
    expect(server.read("two"), b"")
