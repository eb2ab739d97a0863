"""kill -9 of all processes in the middle of a frame, with a reader that holds the FIFO open for
writing too: each frame comes whole."""
import json
import os

from harness import Server, ensure, expect, route, wait_until
from pipes import Reader

with Server([route("pipe", max_body="2MiB", actions=[{"pipe": "@OUT@/fifo"}])]) as server:
    path = server.fifo("fifo")
    # no end of file, ever
    reader, keep = Reader(path, pace=(4096, 0.001)), os.open(path, os.O_RDWR)
    ids = []
    for number in range(3):
        body = json.dumps({"number": number, "filling": "x" * 600000}).encode()
        ids.append(server.post("/pipe", body).json()["id"])
    for part in (50000, 150000):
        before = len(reader.data)
        wait_until(lambda: len(reader.data) > before + part, "the middle of a frame")
        server.kill_all()
        server.start()
    server.wait_settled()
    wait_until(lambda: reader.data.endswith(b"\n"), "the end of the last line")
    lines, torn = [], 0
    for line in filter(None, reader.lines()):
        try:
            lines.append(json.loads(line)["id"])
        except ValueError:
            torn += 1
    expect(set(lines), set(ids), "frames that came whole")
    ensure(torn <= 2, f"{torn} torn lines, a kill tears one at most")
    os.close(keep)
    reader.close()
print(f"2 kills: {len(ids)} frames, {len(lines)} whole lines, {torn} torn ones")
