"""Fifty SIGHUPs under load: no connection refused, no answer other than 2xx, everything carried
out."""
from crash import carried_out
from harness import QUICK, Server, ensure, ledger, route, wait_until
from senders import Load

RELOADS = 10 if QUICK else 50
with Server([route(actions=[ledger()])], server={"listeners": 2}) as server:
    with Load(server, 6) as load:
        for _ in range(RELOADS):
            before = len(load.acknowledged)
            server.reload()
            wait_until(lambda: len(load.acknowledged) > before, "an event after the reload")
    ensure("reload_failed" not in server.log(), "a reload was refused")
    ensure("ConnectionRefusedError" not in load.broken, f"connections were refused: {load.broken}")
    ensure(not load.broken, f"requests broke: {load.broken}")
    ensure(not load.refused, f"answers other than 2xx: {load.refused[:3]}")
    carried_out(server, load.acknowledged.values())
    server.wait_settled()
    runs = server.ledger()
    ensure(len(runs) == len(set(runs)), f"{len(runs) - len(set(runs))} events ran more than once")
    wait_until(lambda: len(server.processes("runner")) == 1
               and len(server.processes("listener")) == 2, "the old generations to have left")
print(f"{RELOADS} reloads: {len(load.acknowledged)} events, {dict(load.statuses)}, none refused, "
      f"none repeated")
