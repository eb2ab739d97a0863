#!/usr/bin/env python3
"""A hundred thousand deliveries wait, half of them for a time to come, by hand: pending.py PROGRAM

Prints how long a start takes, how much memory the runner has, whether what is due is carried out
in its order, and what lists, backups and pruning cost the acceptance of others meanwhile. Exits 1
where a limit of the table is exceeded.
"""
import argparse
import os
import sqlite3
import statistics
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402
from harness import Failure, Server, resident_bytes, route, wait_until  # noqa: E402
from senders import Load  # noqa: E402

START_S, RUNNER_MIB, COST = 2.0, 64, 0.2


def rows(journal, sql, **values):
    return journal.execute(sql, values).fetchall()


def columns_of(journal, table, but):
    return ", ".join(row[1] for row in rows(journal, f"PRAGMA table_info({table})")
                     if row[1] not in but)


def fill(path, count):
    """Events like the only one, with keys of their own; every second one is not due for an hour."""
    journal = sqlite3.connect(path)
    first = rows(journal, "SELECT max(seq) FROM event")[0][0]
    action = rows(journal, "SELECT action FROM delivery WHERE seq = :first * 256",
                  first=first)[0][0]
    later = int(time.time() * 1000) + 3600000
    numbers = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < :count) "
    event = columns_of(journal, "event", ("seq", "id", "dedupe_key"))
    body = columns_of(journal, "body", ("event",))
    values = {"count": count, "first": first, "action": action, "later": later}
    journal.execute(numbers + f"INSERT INTO event (seq, id, dedupe_key, {event}) SELECT seq + i,"
                    " printf('01a2%04x-0000-7000-8000-%012x', i / 65536, i),"
                    f" randomblob(length(dedupe_key)), {event} FROM event, n WHERE seq = :first",
                    values)
    journal.execute(numbers + f"INSERT INTO body (event, {body}) SELECT event + i, {body}"
                    " FROM body, n WHERE event = :first", values)
    journal.execute(numbers + "INSERT INTO delivery (seq, action, state, due_ms, wait_ms, attempt,"
                    " takeovers) SELECT (:first + i) * 256, :action, 'pending',"
                    " iif(i % 2, :later, 0), iif(i % 2, 3600000, NULL), 0, 0 FROM n", values)
    journal.commit()
    journal.close()


def rate(server, seconds):
    """Events that are acknowledged in a second."""
    with Load(server, 8, path="/other") as load:
        time.sleep(1)
        before, begun = len(load.acknowledged), time.monotonic()
        time.sleep(seconds)
        count = len(load.acknowledged) - before
        return count / (time.monotonic() - begun)


def beside(server, seconds, *tool):
    """The rate while the tool runs again and again, and how often it ran."""
    stop, runs = threading.Event(), []

    def repeat():
        while not stop.is_set():
            done = server.tool(*tool)
            runs.append(done.returncode)
            if done.returncode:
                raise Failure(f"{tool}: {done.stderr}")
            stop.wait(0.5)  # as people use it, or a timer does

    thread = threading.Thread(target=repeat)
    thread.start()
    found = rate(server, seconds)
    stop.set()
    thread.join()
    return found, len(runs)


def spread(rates):
    return f"{statistics.median(rates):.0f} ({min(rates):.0f} to {max(rates):.0f})"


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("--count", type=int, default=100000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    harness.PROGRAM = os.path.abspath(options.program)
    limits = []

    def judge(what, value, limit, unit):
        limits.append(value <= limit)
        print(f"{what}: {value:.2f} {unit} (at most {limit:g})", flush=True)

    paused = [{"worker": ["/bin/sh", "-c", "while read line; do :; done"], "window": 1}]
    with Server([route("many", actions=paused), route("other", dedupe="off")]) as server:
        server.post("/many", b'{"n":0}')
        server.stop()
        fill(os.path.join(server.state, "journal.db"), options.count)
        reader = ["/usr/bin/python3", "-uc", READER, os.path.join(server.out, "order")]
        server.settings["routes"][0]["actions"] = [{"worker": reader, "window": 64}]
        server.write_settings()
        begun = time.monotonic()
        server.start()
        judge("start", time.monotonic() - begun, START_S, "s")
        due = options.count // 2
        most = 0

        def all_due():
            nonlocal most
            most = max([most, *map(resident_bytes, server.processes("runner"))])
            return server.count("delivery", "state = 'pending' AND due_ms = 0") == 0
        wait_until(all_due, "what is due to be carried out", 300)
        judge("memory of the runner", most / (1 << 20), RUNNER_MIB, "MiB")
        order = server.read("order").decode().split()
        first = [row[0] for row in server.query(
            "SELECT e.id FROM event e JOIN delivery d ON d.seq >> 8 = e.seq WHERE d.state = 'done'"
            " AND e.route = 'many' ORDER BY e.seq")]
        judge("out of order", sum(a != b for a, b in zip(order, first)) + abs(
            len(order) - len(first)), 0, f"of {due}")
        for name, *tool in (("events list", "events", "list", "--limit", "500"),
                            ("backup", "backup", os.path.join(server.out, "copy")),
                            ("prune", "prune")):
            alone, with_it, runs = [], [], 0
            for _ in range(options.rounds):  # by turns: the machine is not always as fast
                alone.append(rate(server, options.seconds))
                found, count = beside(server, options.seconds, *tool)
                with_it.append(found)
                runs += count
            judge(f"cost of {name} ({runs} runs; {spread(alone)}, and {spread(with_it)} a second)",
                  1 - statistics.median(with_it) / statistics.median(alone), COST, "of the rate")
        server.kill_all()
    return 0 if all(limits) else 1


READER = r"""
import json, sys
with open(sys.argv[1], "a") as out:
    for line in sys.stdin:
        event = json.loads(line)["id"]
        print(event, file=out, flush=True)
        print(json.dumps({"id": event, "ok": True}), flush=True)
"""

if __name__ == "__main__":
    sys.exit(main())
