"""kill -9 of the runner in the middle of frames larger than the pipe: each comes whole in the end,
none is counted that did not."""
import json
import random
import time

from crash import ROUNDS
from harness import Server, ensure, expect, route, wait_until
from pipes import Reader

seed = random.randrange(1 << 32)
random.seed(seed)
with Server([route("pipe", max_body="2MiB", actions=[{"pipe": "@OUT@/fifo"}])]) as server:
    reader = Reader(server.fifo("fifo"), pace=(4096, 0.001))  # never stops reading, 4 MB/s at most
    ids = []
    for turn in range(ROUNDS):
        before, wanted = len(reader.data), random.randrange(1, 300000)
        for number, size in enumerate((300000, 100, 70000)):
            body = json.dumps({"turn": turn, "number": number, "filling": "x" * size}).encode()
            ids.append(server.post("/pipe", body).json()["id"])
        wait_until(lambda: len(reader.data) > before + wanted, "the middle of a frame")
        victim = server.processes("runner")[0]
        server.kill(victim)
        wait_until(lambda: [pid for pid in server.processes("runner") if pid != victim],
                   "a new runner", 30)
    server.wait_settled(60)
    lines, torn = [], 0
    for line in reader.lines():
        try:
            lines.append(json.loads(line)["id"])
        except ValueError:
            torn += bool(line)
    missing = [number for number, event in enumerate(ids) if event not in lines]
    ensure(not missing, f"done, and never read whole: {missing} (seed {seed})")
    ensure(torn <= ROUNDS, f"{torn} torn lines, a kill tears one at most")
    expect(server.count("delivery", "state = 'done'"), len(ids))
    reader.close()
print(
    f"{ROUNDS} kills (seed {seed}): {len(ids)} frames, {len(lines)} whole lines, {torn} torn ones")
