"""What is pruned is not missing, after a crash and a restart; a row that was taken out is."""
import sqlite3

from harness import Server, ensure, expect, route

with Server([route(name, dedupe="off") for name in ("goes", "stays")]) as server:
    for i in range(30):
        expect(server.post("/stays" if i % 3 == 0 else "/goes", b"{}").status, 202)
    server.wait_settled()
    said = server.tool("prune", "--older-than", "0s", "--route", "goes").stdout
    left = [row[0] for row in server.query("SELECT seq FROM event ORDER BY seq")]
    ensure(len(left) in (10, 11), f"numbers are gone: {left}, {said}")  # the newest stays
    for restart in (server.kill_all, server.stop):
        restart()
        server.start()
        expect(server.post("/stays", b"{}").status, 202)
        server.wait_settled()
        ensure("journal_missing" not in server.log(), "pruned events are not missing")
    server.stop()
    server.loses = True
    journal = sqlite3.connect(f"{server.state}/journal.db")
    with journal:
        journal.execute("DELETE FROM event WHERE seq = ?", (left[2],))
    journal.close()
    server.start()
    server.wait_log(f"journal_missing events=1 first={left[2]} last={left[2]} ")
print(f"{30 - len(left)} of 30 pruned, none missing")
