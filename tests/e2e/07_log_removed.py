"""A log that is removed, replaced or cut is noticed before the next 202; a kill loses nothing."""
import itertools
import os
import subprocess
import sys

from crash import WAITS, carried_out, let_go, missing_in_journal
from disk import LOG_ACCIDENTS
from harness import Server, ensure, expect, route, wait_until


def trial(what, events_come):
    with Server([route(actions=[WAITS])], server={"listeners": 1}) as server:
        acknowledged, server.loses = [], "cut" in what

        def taken():
            answer = server.post("/hook", b"{}")
            expect(answer.status, (202, 503), what)
            acknowledged.extend([answer.json()["id"]] if answer.status == 202 else [])
            return answer.status == 202

        ensure(all(taken() for _ in range(10)), "202 in quiet times")
        LOG_ACCIDENTS[what](os.path.join(server.state, "journal.db"))
        kept = set(acknowledged) if "cut" not in what else set()
        for _ in range(5 if events_come else 0):
            wait_until(taken, f"202 again when {what}", 30)
        server.wait_log("journal_rescued" if kept else "journal_lost", 30)
        server.kill_all()
        server.start()
        let_go(server)
        kept |= set(acknowledged[10:])
        carried_out(server, kept)
        ensure(not missing_in_journal(server, kept), f"nothing is lost when {what}")


if len(sys.argv) > 1:
    sys.exit(trial(sys.argv[1], sys.argv[2] == "events"))
trials = [subprocess.Popen([sys.executable, sys.argv[0], *how])
          for how in itertools.product(LOG_ACCIDENTS, ("events", "none"))]
ensure(not any([one.wait() for one in trials]), "a trial failed")
