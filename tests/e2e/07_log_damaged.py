"""A log that lost acknowledged events is refused with exit code 3 and left as it is; told to, the
server copies it and goes on."""
import os
import struct

from crash import WAITS, carried_out, let_go, start_refused
from harness import Server, ensure, expect, route

FRAME = 24 + 4096

with Server([route(actions=[WAITS])], server={"listeners": 1}) as server:
    acknowledged = [server.post("/hook", b"{}").json()["id"] for _ in range(12)]
    server.kill_all()
    path = os.path.join(server.state, "journal.db-wal")
    with open(path, "r+b") as file:
        log = bytearray(file.read())
        commits = [at for at in range(32, len(log), FRAME)
                   if struct.unpack_from(">I", log, at + 4)[0]]
        log[commits[4] - 100] ^= 1  # in the frame before that one
        file.seek(0)
        file.write(log)
    for _ in range(2):
        start_refused(server, "is damaged at frame")
    expect(server.tool("replay", "--dead").returncode, 3, "a replay, which would write over it")
    with open(path, "rb") as file:
        expect(file.read(), bytes(log), "the log, after all that was refused")

    server.loses = True
    server.settings["journal"]["damaged"] = "continue"
    server.write_settings()
    server.start()
    copies = [name for name in os.listdir(server.state) if ".damaged-" in name]
    expect(len(copies), 2, f"copies of the file and its log: {copies}")
    ensure("journal_damaged" in server.log(), "the log says what is missing")
    let_go(server)
    left = {row[0] for row in server.query("SELECT id FROM event")}
    ensure(0 < len(left) < len(acknowledged), f"{len(left)} of {len(acknowledged)} events are left")
    server.wait_log(rf"journal_missing events={len(acknowledged) - len(left)} .*"
                    rf"ids=\"?{next(one for one in acknowledged if one not in left)}")
    carried_out(server, left | {server.post("/hook", b"{}").json()["id"]})
