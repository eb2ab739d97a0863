"""kill -9 under load, five times at random moments, with a ledger of what was acknowledged."""
import os
import random
import socket
import time

from harness import PATIENCE, QUICK, Server, ensure, expect, ledger, route, script, wait_until
from senders import ACKNOWLEDGED, Load

ROUNDS = 2 if QUICK else 5


def port_for_good():
    """A free port below those that the system gives to clients."""
    while True:
        port = random.randrange(15000, 32000)
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port


# An action that waits until let_go is called.
WAITS = script('until [ -e "$OUT/go" ]; do sleep 0.05; done; echo "$TENTERHOOK_ID" >>"$OUT/ledger"',
               stdin="none")


def let_go(server):
    open(os.path.join(server.out, "go"), "w", encoding="ascii").close()


def start_refused(server, reason):
    """A start that leaves with 3 for that reason."""
    server.start(wait=False)
    expect(server.process.wait(30 * PATIENCE), 3, f"exit status, {reason}")
    server.process.stdout.close()
    ensure(reason in server.log(), f"{reason!r} in the log: {server.log()[-900:]}")


def carried_out(server, acknowledged, seconds=60):
    """Every acknowledged id is in the ledger that the command wrote."""
    wait_until(lambda: set(acknowledged) <= set(server.ledger()),
               f"all {len(acknowledged)} acknowledged events to be carried out", seconds)


def missing_in_journal(server, acknowledged):
    return set(acknowledged) - {row[0] for row in server.query("SELECT id FROM event")}


def crash_rounds(kill, connections=8):
    """Runs `kill(server)` under load; every event answered 2xx must be carried out in the end."""
    seed = random.randrange(1 << 32)
    random.seed(seed)
    with Server([route(actions=[ledger()])], server={"listeners": 2}, start=False) as server:
        # the senders know this port for good, and no client can be given it meanwhile
        server.settings["server"]["listen"][0]["address"] = f"127.0.0.1:{port_for_good()}"
        server.write_settings()
        server.start()
        with Load(server, connections) as load:
            for _ in range(ROUNDS):
                before = len(load.acknowledged)
                wait_until(lambda: len(load.acknowledged) > before + 20, "the load to flow", 60)
                # the moment is what is random, nothing is waited for
                time.sleep(random.uniform(0, 0.4))
                kill(server)
            before = len(load.acknowledged)
            wait_until(lambda: len(load.acknowledged) > before + 20, "the load to flow again", 60)
        acknowledged = set(load.acknowledged.values())
        carried_out(server, acknowledged)
        missing = missing_in_journal(server, acknowledged)
        ensure(not missing, f"acknowledged, but not in the journal: {missing}")
        bad = {status: n for status, n in load.statuses.items()
               if status not in (*ACKNOWLEDGED, 503)}
        ensure(not bad, f"answers that are neither acknowledged nor 503: {bad}")
        server.wait_settled(60)
        runs = server.ledger()
    print(f"{ROUNDS} kills (seed {seed}): {len(acknowledged)} acknowledged, "
          f"0 lost, " f"{len(runs) - len(set(runs))} repeated, {dict(load.statuses)}, broken "
          f"{sum(load.broken.values())}")
