"""A reader of frames with a length sees the end of the file where one was torn by a kill or a
reload, and every frame comes whole."""
import json

from harness import Server, ensure, expect, route, wait_until
from pipes import Reader


def kill_runner():
    victim = server.processes("runner")[0]
    server.kill(victim)
    wait_until(lambda: [pid for pid in server.processes("runner") if pid != victim], "a new runner")


def whole():
    return {json.loads(frame)["id"] for frame in reader.whole_frames()}


with Server([route("pipe", max_body="4MiB",
                   actions=[{"pipe": "@OUT@/fifo", "format": "length"}])]) as server:
    reader = Reader(server.fifo("fifo"), pace=(4096, 0.005))  # 800 KB/s: slower than a reload waits
    ids, torn = set(), 0
    for turn, interrupt in enumerate([kill_runner, server.reload, kill_runner]):
        for size in (100, 2500000, 3000):
            body = json.dumps({"turn": turn, "filling": "x" * size}).encode()
            ids.add(server.post("/pipe", body).json()["id"])
        before = len(reader.data)
        wait_until(lambda: len(reader.data) > before + 300000, "the middle of a frame")
        interrupt()
        wait_until(lambda: len(reader.ends) > torn + 1, "the end of the file")
        torn = len(reader.ends) - 1
        reader.pace = None
        server.wait_settled(60)
        reader.pace = (4096, 0.005)
    wait_until(lambda: whole() == ids, "every frame whole")
    expect(server.count("delivery", "state = 'done'"), len(ids))
    ensure(torn == 3, f"the end of the file was seen {torn} times")
    reader.close()
print(f"{len(ids)} frames came whole, {torn} ends of the file")
