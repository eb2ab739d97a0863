"""A backup that is made under load is a whole journal with all that was acknowledged before, and
the log does not grow meanwhile."""
import os
import sqlite3

from harness import QUICK, Server, ensure, expect, route
from senders import Load

EVENTS = 300 if QUICK else 600
LONGEST = 16 << 20  # of the log: what the runner bounds it to

with Server([route()], journal={"keep": {"size": "1GiB"}}) as server:
    copy = os.path.join(server.directory, "copy.db")
    with Load(server, connections=8, size=30000) as load:
        while server.count() < EVENTS:
            load.stopping.wait(0.1)
        for _ in range(2 if QUICK else 3):
            before = set(load.acknowledged.values())
            made = server.tool("backup", copy)
            expect(made.returncode, 0, made.stderr)
            length = os.path.getsize(os.path.join(server.state, "journal.db-wal"))
            ensure(length < LONGEST, f"the log has {length} bytes")
            expect(os.stat(copy).st_mode & 0o777, 0o600, "mode of the copy")
            with sqlite3.connect(f"file:{copy}?mode=ro&immutable=1", uri=True) as journal:
                expect(journal.execute("PRAGMA integrity_check").fetchone()[0], "ok", "integrity")
                found = {row[0] for row in journal.execute("SELECT id FROM event")}
                whole = journal.execute("SELECT count(*) FROM body JOIN event ON seq = event"
                                        " WHERE length(content) = size").fetchone()[0]
            journal.close()
            ensure(before <= found, f"{len(before - found)} acknowledged events are missing")
            expect(whole, len(found), "events with their whole bodies")
    expect(load.refused, [], "refusals meanwhile")
    expect(os.listdir(os.path.dirname(copy)).count("copy.db.part"), 0, "parts that are left")
