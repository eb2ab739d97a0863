"""A slow reader gets every frame whole, larger ones than the pipe too, and other routes are not
held up."""
import time

from harness import PATIENCE, Server, ensure, expect, ledger, route, wait_until
from pipes import Reader

SIZES = [10, 4095, 4096, 4097, 65536, 200000, 1000000, 11]
with Server([route("pipe", max_body="2MiB",
                   actions=[{"pipe": "@OUT@/fifo", "format": "length"}]),
             route(actions=[ledger()])]) as server:
    reader = Reader(server.fifo("fifo"), pace=(8192, 0.01))
    bodies = [b'"%s%d"' % (b"x" * size, size) for size in SIZES]
    for body in bodies:
        expect(server.post("/pipe", body).status, 202)
    begun = time.monotonic()
    expect(server.post("/hook", b"{}").status, 202)
    wait_until(server.ledger, "the other route's command")
    ensure(time.monotonic() - begun < PATIENCE, "not held up by the slow reader")
    wait_until(lambda: len(reader.frames()[0]) == len(bodies), "all frames", 30)
    frames, rest = reader.frames()
    expect(rest, b"", "bytes that are no whole frame")
    for body in bodies:
        expect(sum(b'"payload":' + body in frame for frame in frames), 1,
               f"frames with the body of {len(body)} bytes")
    server.wait_settled()
    reader.close()
print(f"{len(frames)} whole frames, {len(reader.data)} bytes at 8 KiB each 10 ms")
