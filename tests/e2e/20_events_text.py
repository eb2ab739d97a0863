"""A search through all bodies holds no read transaction for long: meanwhile the log can be begun
anew, and events are accepted."""
import os
import sqlite3
import subprocess
import time

from harness import PROGRAM, QUICK, Server, ensure, expect, route
from senders import github_headers

with Server([route(max_body="1MiB", actions=[{"pipe": "@OUT@/fifo", "create": "0600"}])]) as server:
    needle = server.post("/hook", b'{"needle": "in the oldest"}').json()["id"]
    body = b'"%s"' % (b"x" * 250000)
    with server.connect() as connection:
        for number in range(100 if QUICK else 300):
            connection.request("POST", "/hook", body, github_headers(body, delivery=f"{number}"))
    journal = sqlite3.connect(os.path.join(server.state, "journal.db"), timeout=20,
                              isolation_level=None)
    def search(meanwhile):
        """How often `meanwhile` was done while a search went on, and how long it took at most."""
        process = subprocess.Popen([PROGRAM, "events", "list", "--text", "needle", "--json", "-c",
                                    server.file], stdout=subprocess.PIPE, text=True)
        times = []
        while process.poll() is None:
            start = time.monotonic()
            meanwhile()
            times.append(time.monotonic() - start)
        expect(process.communicate()[0].count(needle), 1, "what it finds")
        return len(times), max(times)
    def begin_anew():
        journal.execute("UPDATE event SET reruns = reruns WHERE seq = 1")  # something to copy
        begun.append(journal.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0])

    begun = []  # 0: it was; 1: the server's own checkpoint was in the way
    longest = search(begin_anew)[1]
    ensure(begun.count(0) > 3, f"the log was begun anew {begun.count(0)} times")
    accepted, slowest = search(lambda: expect(server.post("/hook", b"{}").status, 202))
    journal.close()
    print(f"begun anew {begun.count(0)} times, in {longest:.3f} s at most; meanwhile {accepted} "
          f"events, the slowest in {slowest:.3f} s")
