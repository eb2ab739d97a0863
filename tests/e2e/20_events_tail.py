"""`events tail` shows the last events and each that comes and ends, across a restart."""
import json
import os
import subprocess

from harness import PROGRAM, Server, expect, ledger, route, wait_until
from pipes import Reader
from senders import github_headers

def states():
    shown = {}  # what was shown of each event, in order
    with open(output, encoding="utf-8") as file:
        for line in file.read().rpartition("\n")[0].splitlines():  # the last may be half written
            row = json.loads(line)
            shown.setdefault(row["id"], []).append(row["states"][0])
    return shown

with Server([route("pipe", actions=[{"pipe": "@OUT@/fifo", "create": "0600"}]),
             route(actions=[ledger()])]) as server:
    output = os.path.join(server.directory, "tail")
    with open(output, "wb") as file, server.connect() as connection:
        first = server.post("/hook", b"{}").json()["id"]
        server.wait_settled()
        arguments = [PROGRAM, "events", "tail", "--json", "-c", server.file]
        tail = subprocess.Popen(arguments, stdout=file)
        post = lambda path: connection.request("POST", path, b"{}", github_headers(b"{}"))
        wait_until(lambda: post("/hook").status == 202 and states(), "the tail to begin")
        waiting = [post("/pipe").json()["id"] for _ in range(1500)]
    wait_until(lambda: states().keys() >= set(waiting), "all that came")
    late = server.post("/hook", b"{}").json()["id"]
    wait_until(lambda: states().get(late, [""])[-1] == "done", "the end of one behind them")
    server.kill_all()
    server.start()
    Reader(os.path.join(server.out, "fifo"))
    wait_until(lambda: all(ends[-1] == "done" for ends in states().values()), "the end of all", 30)
    shown = states()
    expect({len(shown[event]) for event in waiting}, {2}, "lines of an event")
    expect(list(shown)[0], first, "what was last before it began")
    tail.terminate()
    expect(tail.wait(), 0, "exit status of tail")
