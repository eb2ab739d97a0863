"""A burst becomes its last event, once no newer one comes for the window, and not later than
max_wait after its first; those folded in name the event that took their place."""
import json
import time

from harness import Server, ensure, expect, ledger, route, wait_until
from senders import github_headers

COALESCE = {"window": "700ms", "max_wait": "2s", "per": "payload.repository"}


def send(repository):
    body = json.dumps({"repository": repository}).encode()
    return server.post("/hook", body, github_headers(body)).json()["id"]


with Server([route(coalesce=COALESCE, actions=[ledger()])]) as server:
    burst = [send("a") for _ in range(20)]
    begun = time.monotonic()
    lone = send("b")
    server.wait_settled()
    ensure(time.monotonic() - begun > 0.5, "the window is waited for")
    expect(sorted(server.ledger()), sorted([burst[-1], lone]))
    folded = server.query("SELECT e.id, d.superseded_by, d.state, d.attempt FROM delivery d"
                          " JOIN event e ON e.seq = d.event WHERE d.superseded_by IS NOT NULL")
    expect(folded, [(one, after, "superseded", 0) for one, after in zip(burst, burst[1:])])
    # a burst that does not end is cut where its first event has waited for long enough
    begun, ids = time.monotonic(), []
    while len(server.ledger()) < 3:
        ids.append(send("a"))
        ensure(time.monotonic() - begun < 20, "max_wait has no effect")
    row = server.query("SELECT started_ms - since_ms, started_ms - received_ms FROM delivery d"
                       " JOIN event e ON e.seq = d.event WHERE e.id = ?", server.ledger()[2])[0]
    ensure(1900 <= row[0] < 3500 and server.ledger()[2] in ids, f"begun after {row} ms")
    last = send("a")
    wait_until(lambda: server.ledger()[-1] == last, "the last event of all")
    server.wait_settled()
