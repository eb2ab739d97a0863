"""Readers die one after the other at a full FIFO: none is lost, torn is only a first frame."""
import json
import os
import random
import select

from harness import QUICK, Server, ensure, expect, route, wait_until
from pipes import take, unread
from senders import github_headers

FRAMES, SIZES = 600 if QUICK else 1500, [10, 300, 3000, 5000, 20000, 70000]
seed = random.randrange(1 << 32)
random.seed(seed)
whole, torn, full = [], 0, 0
with Server([route("pipe", max_body="1MiB",
                   actions=[{"pipe": "@OUT@/fifo", "create": "0600"}])]) as server:
    path, ids = os.path.join(server.out, "fifo"), set()
    with server.connect() as connection:
        for _ in range(FRAMES):
            body = json.dumps({"filling": "a" * random.choice(SIZES)}).encode()
            ids.add(connection.request("POST", "/pipe", body, github_headers(body)).json()["id"])
    while left := server.count("delivery", "state != 'done'"):
        fd, data, wanted = (os.open(path, os.O_RDONLY | os.O_NONBLOCK), bytearray(),
                            random.choice([1000, 400000, 1500000]))
        while len(data) < wanted and select.select([fd], [], [], 0.5)[0]:
            data += take(fd, random.choice([100, 4096, 65536]))
        # a reader that stays is sent as much as the FIFO holds
        if data.count(b"\n") > 40 and left > 200:
            wait_until(lambda: unread(fd) > 50000 or data.extend(take(fd, 65536)), "a full FIFO")
            full += 1
        os.close(fd)  # dies: what is unread stays unread
        for number, line in enumerate(data.split(b"\n")[:-1]):
            try:
                whole.append(json.loads(line)["id"])
            except ValueError:
                ensure(number == 0, f"a torn line in the middle: {line[:60]!r} (seed {seed})")
                torn += 1
    expect(set(whole), ids, f"frames that came whole (seed {seed})")
    ensure(full >= 2, f"the FIFO was full {full} times when a reader died (seed {seed})")
print(f"{full} died with a full FIFO: {len(ids)} frames, {len(whole)} whole, {torn} torn")
