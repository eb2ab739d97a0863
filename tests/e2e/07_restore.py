"""A copy is put back as a whole, not while a server runs and not if it is damaged; the journal
before is kept with what was in its log, and what waited in the copy is carried out."""
import glob
import os
import shutil

from crash import WAITS, let_go
import harness
from harness import Server, ensure, expect, route, wait_until

with Server([route(actions=[WAITS])]) as server:
    path, copy = os.path.join(server.state, "journal.db"), os.path.join(server.directory, "copy")
    first = server.post("/hook", b'"first"').json()["id"]
    expect(server.tool("backup", copy).returncode, 0, "backup")
    second = server.post("/hook", b'"second"').json()["id"]
    refused = server.tool("restore", copy)
    expect(refused.returncode, 3, "restore while the server runs")
    ensure("another tenterhook uses the journal" in refused.stderr, refused.stderr)
    server.kill_all()
    before = set(os.listdir(server.state))
    damaged = os.path.join(server.directory, "damaged")
    shutil.copy(copy, damaged)
    with open(damaged, "r+b") as file:
        file.seek(2 * 4096)
        file.write(os.urandom(4 * 4096))
    for wrong, why in ((damaged, "damaged"), (__file__, "not a database"), ("/no", "cannot open"),
                       (path, "is the journal itself")):
        told = server.tool("restore", wrong)
        expect((told.returncode, why in told.stderr), (3, True), told.stderr)
    expect(set(os.listdir(server.state)), before, "nothing has changed")
    done = server.tool("restore", copy)
    expect(done.returncode, 0, done.stderr)
    kept, = glob.glob(path + ".before-*Z")
    ensure(kept in done.stdout, done.stdout)
    kept_events = harness.run_program("events", "list", "--journal", kept)
    ensure(first in kept_events.stdout and second in kept_events.stdout, kept_events.stdout)
    let_go(server.start())
    wait_until(lambda: server.ledger() == [first], "what waited in the copy")
    expect(server.query("SELECT id FROM event"), [(first,)], "events of the copy")
    server.wait_settled()
