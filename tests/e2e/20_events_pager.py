"""A pager that waits at the output of `events` and `keys` holds no read transaction open: the log
can be begun anew."""
import os
import sqlite3
import subprocess

from harness import PROGRAM, Server, expect, read_proc, route, wait_until
from senders import github_headers

with Server([route("hook", max_body="1MiB",
                   actions=[{"pipe": "@OUT@/fifo", "create": "0600"}])]) as server:
    with server.connect() as connection:
        for _ in range(1500):  # more than a pipe holds, as a list
            connection.request("POST", "/hook", b"{}", github_headers(b"{}"))
    large = server.post("/hook", b'"%s"' % (b"x" * 500000)).json()["id"]
    for verb in (["list", "--limit", "100000"], ["list", "--limit", "100000", "--json"],
                 ["show", large, "--body"]):
        process = subprocess.Popen([PROGRAM, "events", *verb, "-c", server.file],
                                   stdout=subprocess.PIPE)
        wait_until(lambda: "pipe_write" in read_proc(process.pid, "wchan")
                   or process.poll() is not None, "a full pipe")
        expect(process.poll(), None, "it waits for its reader")
        journal = sqlite3.connect(os.path.join(server.state, "journal.db"), timeout=10,
                                  isolation_level=None)
        wait_until(lambda: journal.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0] == 0,
                   f"events {verb} in the way, for longer than a checkpoint of the server")
        journal.close()
        shown = process.communicate()[0]
        expect(process.returncode, 0, "exit status")
        expect(shown.count(b"\n"), {"list": 1501 + ("--json" not in verb), "show": 0}[verb[0]],
               f"lines of {verb}")
