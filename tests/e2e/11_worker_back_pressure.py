"""A worker that reads nothing takes no memory and holds up no other route; events wait for it, and
it gets them in the order in which they came."""
import os

from harness import QUICK, Server, ensure, expect, ledger, resident_bytes, route, wait_until
from senders import github_headers
from workers import worker

EVENTS, SIZE = 200 if QUICK else 300, 100000
SLOW = """
while not os.path.exists(f"{OUT}/go"):
    time.sleep(0.02)
for event in events():
    note(event["id"], "slow")
    say(event, ok=True)
"""
with Server([route("slow", actions=[worker(SLOW, window=1000)]),
             route(actions=[ledger()])]) as server:
    runner, ids = server.processes("runner")[0], []
    with server.connect() as connection:
        for number in range(EVENTS):
            body = b'{"number":%d,"filling":"%s"}' % (number, b"x" * SIZE)
            answer = connection.request("POST", "/slow", body, github_headers(body))
            ids.append(answer.json()["id"])
            if number == 20:
                before = resident_bytes(runner)
    ensure(resident_bytes(runner) - before < 64 << 20, "the runner holds what waits")
    expect(server.post("/hook", b"{}").status, 202)
    wait_until(lambda: server.count("delivery", "state = 'done'") == 1, "the other route")
    open(os.path.join(server.out, "go"), "w", encoding="ascii").close()
    server.wait_settled(60)
    expect(server.ledger("slow"), ids)
