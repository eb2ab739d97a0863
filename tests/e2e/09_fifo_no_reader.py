"""A FIFO without a reader holds its events until one comes, across a restart, and holds up no other
route."""
import json
import os
import time

from harness import PATIENCE, Server, ensure, expect, ledger, route, wait_until
from pipes import Reader

with Server([route("pipe", actions=[{"pipe": "@OUT@/fifo", "create": "0600"}]),
             route(actions=[ledger()])]) as server:
    ids = []
    for number in range(20):
        ids.append(server.post("/pipe", b'{"number":%d}' % number).json()["id"])
        expect(server.post("/hook", b"{}").status, 202)
    wait_until(lambda: len(server.ledger()) == 20, "the other route's commands")
    waiting = "state IN ('pending', 'running')"
    wait_until(lambda: server.count("delivery", waiting) == 20, "the reader's alone to wait")
    begun = time.monotonic()
    server.stop()
    ensure(time.monotonic() - begun < 3 * PATIENCE,
           "nobody waits for a reader when the server is to stop")
    server.start()
    reader = Reader(os.path.join(server.out, "fifo"))
    reader.wait_lines(20)
    server.wait_settled()
    lines = [json.loads(line) for line in reader.lines()]
    expect([line["id"] for line in lines], ids, "every event once, in order")
    ensure(all(line["payload"] == {"number": n} for n, line in enumerate(lines)), f"{lines[0]}")
    reader.close()
print(f"20 waited without a reader, {len(lines)} whole lines when it came")
