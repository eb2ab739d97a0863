"""cancel without a server makes no journal where none is, and leaves no lock that keeps the user of
the server out."""
import os

from harness import Server, ensure, expect, ledger, route, run_program

with Server([route(actions=[ledger()])]) as server:
    journal = os.path.join(server.state, "journal.db")
    server.tool("pause", "hook")
    server.wait_log("route_paused")
    event = server.post("/hook", b"{}").json()["id"]
    server.stop()
    for path in (journal + ".nowhere", os.path.join(server.state, "none", "journal.db")):
        said = run_program("cancel", event, "--journal", path)
        expect(said.returncode, 3, said.stderr)
        ensure("No such file" in said.stderr, said.stderr)
    os.unlink(journal + ".lock")
    said = server.tool("cancel", event)
    ensure("1 waiting delivery cancelled" in said.stdout, said.stdout + said.stderr)
    owners = {name: os.stat(os.path.join(server.state, name)).st_uid
              for name in os.listdir(server.state)}
    ensure(not any("nowhere" in name for name in owners), owners)
    expect(owners["journal.db.lock"], owners["journal.db"], "whose the lock is")
    server.start()
    ensure("nothing of it waits" in server.tool("cancel", event).stdout, "it is for good")
