"""A journal that is missing or empty beside a log with events is no first start: exit 3, and the
events are there when it is back."""
import os

from crash import WAITS, carried_out, let_go, start_refused
from harness import Server, ensure, expect, route

with Server([route(actions=[WAITS])], server={"listeners": 1}) as server:
    path = os.path.join(server.state, "journal.db")
    ensure("journal_made" in server.log(), "the log says that a journal was made")
    acknowledged = [server.post("/hook", b"{}").json()["id"] for _ in range(12)]
    server.kill_all()
    os.rename(path, path + ".aside")
    start_refused(server, "journal.db is missing")
    open(path, "w", encoding="ascii").close()
    start_refused(server, "journal.db is empty")
    expect(server.tool("events", "list").returncode, 3, "events list beside an empty journal")
    os.rename(path + ".aside", path)
    server.start()
    let_go(server)
    carried_out(server, acknowledged)
    expect(server.log().count("journal_made"), 1, "journals made")
