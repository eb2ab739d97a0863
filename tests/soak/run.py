#!/usr/bin/env python3
"""A soak, by hand: run.py PROGRAM [--minutes 60] [--connections 20000]

Events flow all the time; in between there are storms of bad connections of every kind, plain and
TLS, and every fifth minute a reload, a kill -9 of a listener, the runner or the checkpointer, and
once of everything. Each minute the flow stops for a moment, and what the server holds then is a row
of the table: descriptors and private memory of all its processes, the share of a core that it uses
while nothing happens. In the end every event that was acknowledged has to be carried out.
"""
import argparse
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402
from harness import Server, descendants, ensure, ledger, route, wait_until  # noqa: E402
from senders import Load  # noqa: E402
from storm import Storm, footprint  # noqa: E402

BLOCK = 5  # minutes between two disturbances
STORMY = {"header_timeout": "2s", "body_timeout": "2s", "idle_timeout": "5s", "listeners": 2}


class PausedLoad(Load):
    """A flow that leaves time for others, and can be stopped for a while."""

    def take(self):
        time.sleep(0.02)
        while self.paused and not self.stopping.is_set():
            self.resting.add(threading.get_ident())
            time.sleep(0.02)
        self.resting.discard(threading.get_ident())
        return super().take()


def disturb(server, minute, chance):
    """What is done to the server; a word for the table."""
    what = chance.choice(["reload", "listener", "runner", "checkpointer", "all"])
    if what == "reload":
        server.reload()
    elif what == "all":
        server.kill_all()
        server.start()
    else:
        server.kill(server.processes(what)[0])
        count = 2 if what == "listener" else 1
        wait_until(lambda: len(server.processes(what)) == count, f"another {what}", 30)
    return what


def measure(server, load):
    """The footprint in a moment in which nothing happens."""
    load.paused = True
    wait_until(lambda: len(load.resting) == len(load.threads), "the flow to rest", 60)
    server.wait_settled(120)
    wait_until(lambda: server.established(0) <= len(load.threads), "bad connections to be cut", 60)
    time.sleep(6)  # what has a deadline has had it: this is a measurement
    pids = [server.pid, *descendants(server.pid)]
    each = {}
    for pid in pids:
        role = harness.read_proc(pid, "comm").strip().removeprefix("th-")
        each[role] = each.get(role, 0) + footprint([pid], 0).private_kib
    found = footprint(pids, 3)
    load.paused = False
    return found, ", ".join(f"{role} {kib}" for role, kib in each.items())


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--minutes", type=int, default=60)
    parser.add_argument("--connections", type=int, default=20000, help="bad ones, in all")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    harness.PROGRAM = os.path.abspath(options.program)
    chance = random.Random(options.seed)
    each = options.connections // options.minutes + 1
    print(f"seed {options.seed}\n| minute | | acknowledged | answers | descriptors | private KiB | "
          f"idle % of a core |\n" "|---|---|---|---|---|---|---|", flush=True)
    with Server([route(actions=[ledger()])], plain=True, server=STORMY,
                journal={"keep": {"age": "5m", "size": "256MiB"}}) as server:
        server.settings["server"]["listen"][0]["address"] = server.addresses[0].rpartition("/")[2]
        server.settings["server"]["listen"][1]["address"] = server.addresses[1].rpartition("/")[2]
        server.write_settings()
        server.reload()
        load = PausedLoad(server, 4)
        load.paused, load.resting = False, set()
        storm = Storm(server.addresses, server.certificate)
        with load:
            for minute in range(options.minutes):
                begun, what = time.monotonic(), ""
                if minute % BLOCK == BLOCK - 1:
                    what = disturb(server, minute, chance)
                storm.run(each)
                while time.monotonic() - begun < 45:
                    time.sleep(0.5)
                found, each_kib = measure(server, load)
                print(f"| {minute + 1} | {what} | {len(load.acknowledged)} | {dict(load.statuses)} "
                      f"| {found.descriptors} | " f"{found.private_kib}: {each_kib} | "
                      f"{100 * found.idle_share:.1f} |", flush=True)
        acknowledged = set(load.acknowledged.values())
        wait_until(lambda: acknowledged <= set(server.ledger()), "all to be carried out", 120)
        runs = server.ledger()
        ensure(not storm.left_open, f"not cut in time: {storm.left_open}")
        print(f"{len(acknowledged)} acknowledged, 0 lost, {len(runs) - len(set(runs))} repeated; "
              f"{sum(storm.sent.values())} bad connections of {len(storm.sent)} kinds")
    return 0


if __name__ == "__main__":
    sys.exit(main())
