"""kill -9 of the runner under load: its worker is gone with it, and another one gets all that was
not answered."""
from crash import ROUNDS
from harness import Server, ensure, expect, process_stat, route, wait_until
from senders import Load
from workers import worker, worker_pids

with Server([route(actions=[worker()])]) as server:
    with Load(server, 6) as load:
        for _ in range(ROUNDS):
            before = len(server.ledger())
            wait_until(lambda: len(server.ledger()) > before + 20, "the worker to work")
            pids = worker_pids(server)
            server.kill(server.processes("runner")[0])
            wait_until(lambda: len(worker_pids(server)) > len(pids), "another worker")
            stat = process_stat(pids[-1])
            ensure(stat is None or stat[1] == "Z", "the worker before lives on")
    server.wait_settled(60)
    acknowledged, runs = set(load.acknowledged.values()), server.ledger()
    expect(acknowledged - set(runs), set(), "acknowledged events that no worker got")
    expect(server.count("delivery", "state = 'done'"), server.count("event"))
repeated = len(runs) - len(set(runs))
print(f"{ROUNDS} kills: {len(acknowledged)} events, {repeated} repeated, none lost")
