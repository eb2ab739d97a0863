"""A flipped bit in the log that nothing else notices: the next start says which events are missing,
goes on, gives their numbers to nobody, and says so until they are old."""
import os

from crash import WAITS, let_go
from harness import Server, ensure, expect, route

FRAME = 24 + 4096

with Server([route(actions=[WAITS])], server={"listeners": 1}) as server:
    server.loses = True
    acknowledged = [server.post("/hook", b"{}").json()["id"] for _ in range(12)]
    server.kill_all()
    server.start()
    ensure("journal_missing" not in server.log(), "a crash alone loses nothing")
    acknowledged += [server.post("/hook", b"{}").json()["id"] for _ in range(12)]
    numbers = dict(server.query("SELECT id, seq FROM event"))
    server.kill_all()
    path = os.path.join(server.state, "journal.db-wal")
    with open(path, "r+b") as file:
        log = bytearray(file.read())
        last = max(at for at in range(32, len(log), FRAME) if any(log[at + 4:at + 8]))
        log[last + FRAME - 100] ^= 1  # in the commit frame of the last transaction
        file.seek(0)
        file.write(log)
    server.start()
    left = {row[0] for row in server.query("SELECT id FROM event")}
    lost = [one for one in acknowledged if one not in left]
    expect(len(lost), 1)
    told = rf"journal_missing events=1 first={numbers[lost[0]]} last=\S+ ids={lost[0]}"
    for times in (1, 2):
        server.wait_log(rf"(?s)({told}.*){{{times}}}")
        again = server.post("/hook", b"{}").json()["id"]
        ((number,),) = server.query("SELECT seq FROM event WHERE id = ?", again)
        ensure(number > max(numbers.values()), f"{number} is a number that nobody had")
        server.kill_all()
        server.start()
    let_go(server)
    server.wait_settled()
print("one bit: one event is missing, and named")
