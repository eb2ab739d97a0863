"""A copy in place of the journal is what every process writes to: nothing acknowledged is lost."""
import os
import shutil
import sqlite3

from crash import carried_out, missing_in_journal
from harness import Server, ensure, expect, ledger, route, wait_until

BODY = b'"' + b"x" * 20000 + b'"'

with Server([route(actions=[ledger()])]) as server:
    path = os.path.join(server.state, "journal.db")
    acknowledged = []

    def taken():
        answer = server.post("/hook", BODY)
        expect(answer.status, (202, 503))
        if answer.status == 202:
            acknowledged.append(answer.json()["id"])
        return answer.status == 202

    def grow(events):
        for _ in range(events):
            ensure(taken(), "202 in quiet times")

    grow(150)  # longer than what the checkpointer looks at: it has the file open
    server.wait_settled()
    os.rename(path, path + ".aside")
    expect(server.post("/hook", BODY).status, 503, "while the journal is elsewhere")
    shutil.copy2(path + ".aside", path)
    owner = os.stat(path + ".aside")
    os.chown(path, owner.st_uid, owner.st_gid)
    wait_until(taken, "202 when there is a journal again", 30)
    grow(400)
    carried_out(server, acknowledged)
    ensure(not missing_in_journal(server, acknowledged), "nothing acknowledged is lost")
    with sqlite3.connect(path, timeout=10) as journal:
        expect(journal.execute("PRAGMA integrity_check").fetchone()[0], "ok",
               "the journal's integrity")
    journal.close()
