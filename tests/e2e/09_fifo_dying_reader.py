"""A reader that dies in the middle of a frame has not got it: the next one gets it whole, from its
beginning, and none is lost."""
import json

from harness import Server, ensure, expect, ledger, route, wait_until
from pipes import Reader

with Server([route("pipe", max_body="2MiB", actions=[{"pipe": "@OUT@/fifo"}]),
             route(actions=[ledger()])]) as server:
    path = server.fifo("fifo")
    seen, ids = set(), []
    for turn, (size, limit) in enumerate([(100, 50), (3000, 2999), (30000, 1), (300000, 70000),
                                          (900000, 500000)]):
        body = json.dumps({"turn": turn, "filling": "x" * size}).encode()
        reader = Reader(path, limit=limit)
        ids.append(server.post("/pipe", body).json()["id"])
        wait_until(lambda: len(reader.data) == limit, f"{limit} bytes of the frame")
        reader.close()  # dies in the middle
        ensure(reader.lines()[0][:1] == b"{", "the first reader began at the beginning")
        expect(server.post("/hook", b"{}").status, 202, "another route meanwhile")
        heir = Reader(path)
        heir.wait_lines(1)
        server.wait_settled()
        for line in heir.lines():  # a torn one would not parse
            got = json.loads(line)
            expect(got["payload"], json.loads(body), "the frame of the heir")
            seen.add(got["id"])
        heir.close()
    expect(seen, set(ids), "ids that were read to the end")
print(f"{len(ids)} readers died in the middle of a frame; each frame came whole to the next")
