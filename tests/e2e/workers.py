"""Workers in Python for the tests, with the text of the program on the command line."""
import os
import re
import signal

from harness import wait_until

PYTHON = "/usr/bin/python3"  # Debian's

BEGIN = """
import json, os, sys, time
OUT = os.environ["OUT"]
def note(text, name="ledger"):
    with open(f"{OUT}/{name}", "a") as file:
        file.write(text + "\\n")
def say(event, **verdict):
    print(json.dumps({"id": event["id"], **verdict}), flush=True)
def events():
    for line in sys.stdin:
        yield json.loads(line)
"""
# Answers each event once it is in the ledger.
OBEDIENT = """
for event in events():
    note(event["id"])
    say(event, ok=True)
"""


def worker(text=OBEDIENT, **keys):
    """An action; the program knows note(), say(), events() and OUT."""
    return {"worker": [PYTHON, "-c", BEGIN + text], "env": {"OUT": "@OUT@"}, **keys}


def worker_pids(server):
    """Of all that were started, oldest first."""
    return [int(pid) for pid in re.findall(r"worker_started .*pid=(\d+)", server.log())]


def kill_worker(server):
    """Kills the one that was started last, and waits for the next."""
    pids = worker_pids(server)
    os.kill(pids[-1], signal.SIGKILL)
    wait_until(lambda: len(worker_pids(server)) > len(pids), "another worker")
