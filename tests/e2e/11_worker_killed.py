"""A worker that is killed again and again under load: its successor gets what it had not answered,
every event is answered, and none is lost."""
import os
import random

from harness import QUICK, Server, expect, route, wait_until
from senders import Load
from workers import kill_worker, worker

KILLS = int(os.environ.get("TENTERHOOK_WORKER_KILLS", 5 if QUICK else 10))

with Server([route(actions=[worker()])]) as server:
    with Load(server, 6) as load:
        for turn in range(KILLS):
            before = len(server.ledger())
            wanted = random.randrange(1, 40)
            wait_until(lambda: len(server.ledger()) >= before + wanted, "the worker to work")
            kill_worker(server)
    server.wait_settled(60)
    acknowledged, runs = set(load.acknowledged.values()), server.ledger()
    expect(acknowledged - set(runs), set(), "acknowledged events that no worker got")
    expect(server.count("delivery", "state = 'done'"), server.count("event"))
    expect(server.count("delivery", "attempt > 1"), 0, "attempts that a worker's end has cost")
repeated = len(runs) - len(set(runs))
print(f"{KILLS} kills: {len(acknowledged)} events, {repeated} repeated, none lost")
