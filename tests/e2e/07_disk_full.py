"""Disk full, then space again: 503 while full, nothing acknowledged is lost, 202 again with no
restart."""
from crash import carried_out, missing_in_journal
from disk import SmallDisk
from harness import Server, ensure, expect, ledger, route, wait_until

with SmallDisk(12) as disk:
    acknowledged, body = [], b'"' + b"x" * 20000 + b'"'
    with Server([route(actions=[ledger()])], state=disk.path,
                journal={"min_free": "64KiB"}) as server:

        def send():
            answer = server.post("/hook", body)
            expect(answer.status, (202, 503))
            if answer.status == 202:
                acknowledged.append(answer.json()["id"])
            else:
                ensure(int(answer.headers["retry-after"]) >= 1, "Retry-After goes with 503")
            return answer.status

        for fill in ("the journal", "another file", "another file, to the last byte"):
            if fill != "the journal":
                disk.fill(leave=0 if "last" in fill else 32768)
            wait_until(lambda: send() == 503, f"503 when {fill} has filled the disk", 60)
            for _ in range(20):
                expect(send(), 503, "while full")
            disk.make_room()
            wait_until(lambda: send() == 202, "202 when there is space again", 30)
        carried_out(server, acknowledged)
        ensure(not missing_in_journal(server, acknowledged), "nothing acknowledged is lost")
print(f"full three times: 503 with Retry-After, {len(acknowledged)} acknowledged and carried out, "
      f"no restart")
