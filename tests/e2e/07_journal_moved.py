"""Nothing is acknowledged into a journal that is no longer at its path: 503 until it is back
there."""
import os

from crash import carried_out, missing_in_journal
from harness import Server, ensure, expect, ledger, route, wait_until

with Server([route(actions=[ledger()])]) as server:
    path = os.path.join(server.state, "journal.db")
    acknowledged = [server.post("/hook", b"{}").json()["id"]]
    server.wait_settled()

    for _ in range(2):
        os.rename(path, path + ".aside")
        for _ in range(5):
            answer = server.post("/hook", b"{}")
            expect(answer.status, 503, "while the journal is elsewhere")
            ensure(int(answer.headers["retry-after"]) >= 1, "Retry-After goes with 503")
        ensure(not os.path.exists(path), "no new one is made in its place")
        os.rename(path + ".aside", path)

        def taken_again():
            answer = server.post("/hook", b"{}")
            expect(answer.status, (202, 503))
            if answer.status == 202:
                acknowledged.append(answer.json()["id"])
            return answer.status == 202

        wait_until(taken_again, "202 when the journal is back", 30)
    carried_out(server, acknowledged)
    ensure(not missing_in_journal(server, acknowledged), "nothing acknowledged is lost")
    ensure("is no longer at its path" in server.log(), "the log says why")
