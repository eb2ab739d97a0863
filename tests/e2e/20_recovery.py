"""The commands of docs/recovery.md, run as they stand but for the paths: files are kept, space is
made, a backup is put back, and what came after it is exported."""
import json
import os
import subprocess

from harness import PROGRAM, Server, ensure, expect, ledger, route
from manual import blocks

def run(server, heading, number=0):
    commands = blocks("recovery.md")[heading]["sh"][number]
    for old, new in (("/var/lib/tenterhook", server.state), ("tenterhook ", f"{PROGRAM} "),
                     ("/var/backups", server.directory), ("/root", server.directory)):
        commands = commands.replace(old, new)
    done = subprocess.run(["sh", "-euc", commands], capture_output=True, text=True, timeout=60,
                          check=False, env={**os.environ, "TENTERHOOK_CONFIG": server.file})
    expect(done.returncode, 0, f"{commands}\n{done.stdout}{done.stderr}")
    return done.stdout


with Server([route(actions=[ledger()])]) as server:
    first = server.post("/hook", b'"first"').json()["id"]
    server.wait_settled()
    ensure("0 events" in run(server, "The disk is full"), "what is not yet an hour old stays")
    run(server, "A backup is put back", 0)
    later = server.post("/hook", b'"later"').json()["id"]
    server.stop()
    ensure(run(server, "The journal is damaged") == "", "all of a whole one is read")
    ensure(first in run(server, "A backup is put back", 1), "what the backup has")
    run(server, "A backup is put back", 2)
    run(server, "A backup is put back", 3)
    for name in ("before", "read"):
        with open(f"{server.directory}/events-{name}.jsonl", encoding="utf-8") as file:
            expect([json.loads(line)["id"] for line in file], [first, later], name)
    run(server, "Before you touch anything")
    ensure("journal.db" in os.listdir(f"{server.directory}/tenterhook-files"), "the copy")
    server.start()
    run(server, "Events are missing")
    expect(server.query("SELECT id FROM event"), [(first,)], "the events of the backup")
