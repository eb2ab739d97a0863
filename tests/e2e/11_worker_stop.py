"""A stop with events that the worker has: what it answers until its deadline is done, the rest is
carried out after the next start, and a worker that does not end is killed in time."""
import os

from harness import Server, expect, route, wait_until
from workers import worker

# Answers every other one at the end of its input, and all in its next life.
HALF = """
import signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
lives = os.path.exists(f"{OUT}/next")
held = []
for event in events():
    note(event["id"], "got")
    if lives:
        note(event["id"])
        say(event, ok=True)
    held.append(event)
for event in held[::2]:
    if not lives: say(event, ok=True)
while not lives: time.sleep(1)
"""
with Server([route(actions=[worker(HALF)])], server={"shutdown_grace": "4s"}) as server:
    ids = [server.post("/hook", b"{}").json()["id"] for _ in range(6)]
    wait_until(lambda: len(server.ledger("got")) == 6, "it to have all of them")
    server.stop()
    expect(server.count("delivery", "state = 'done'"), 3)
    expect(server.count("delivery", "state = 'pending'"), 3)
    open(os.path.join(server.out, "next"), "w", encoding="ascii").close()
    server.start()
    server.wait_settled()
    expect(server.ledger(), ids[1::2])
