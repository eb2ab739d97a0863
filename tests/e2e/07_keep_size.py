"""Many times keep.size of events flow through a journal: its file stays within a fifth above, all
are accepted and carried out, and no number of an event is unaccounted for."""
import os
import subprocess

from harness import QUICK, Server, ensure, expect, route, wait_until
from senders import Load

KEEP, SIZE = 8 << 20, 12000
EVENTS = 1500 if QUICK else 3000  # 18 or 36 MB

with Server([route(actions=[{"pipe": "@OUT@/pipe", "create": "0600"}])],
            journal={"keep": {"size": f"{KEEP >> 20}MiB"}}) as server:
    path = os.path.join(server.state, "journal.db")
    with subprocess.Popen(["cat", os.path.join(server.out, "pipe")],
                          stdout=subprocess.DEVNULL) as reader:
        with Load(server, connections=4, total=EVENTS, size=SIZE) as load:
            largest = 0
            while any(thread.is_alive() for thread in load.threads):
                largest = max(largest, os.path.getsize(path))
                load.stopping.wait(0.02)
        server.wait_settled()
        wait_until(lambda: server.query("PRAGMA page_count")[0][0] * 4096 <= KEEP * 1.1,
                   "the file to be small again", 60)
        reader.terminate()
    expect((load.refused, dict(load.statuses)), ([], {202: EVENTS}), "answers")
    ensure(largest <= KEEP * 1.2, f"the file was at most {largest / KEEP:.2f} of keep.size")
    ensure(largest > KEEP / 2, "the journal was full at all")
    missing = server.query(
        "WITH RECURSIVE n(seq) AS (VALUES (1) UNION ALL SELECT seq + 1 FROM n WHERE seq < ?)"
        " SELECT count(*) FROM n WHERE seq NOT IN (SELECT seq FROM event) AND NOT EXISTS"
        " (SELECT 1 FROM removed WHERE n.seq BETWEEN first AND last)", EVENTS)
    expect(missing, [(0,)], "numbers that nobody can account for")
