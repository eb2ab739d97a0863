"""A body that unfolds to hundreds of times its size is refused with 413 within a second, and memory
stays flat; one that is folded twice is unfolded once."""
import re
import time

from client import format_request
from folding import folded_headers, with_program, with_zlib
from harness import PATIENCE, Server, ensure, expect, in_threads, read_proc, route

MIB = 1 << 20
ZEROS = bytes(32 * MIB)
TWICE = with_zlib(with_zlib(ZEROS, 31), 31)
BOMBS = [("gzip", with_zlib(ZEROS, 31) * 30), ("deflate", with_zlib(ZEROS, 15)),
         ("br", with_program("brotli", "-1c")(ZEROS)),
         ("zstd", with_program("zstd", "-qc")(ZEROS) * 100),
         ("zstd", with_program("zstd", "-qc", "--long=27")(bytes(130 * MIB)))]
routes = [route(content="raw"), route("dense", content="raw", unfold={"ratio": 100000})]
with Server(routes, plain=True, server={"listeners": 1}) as server:
    def peak():
        said = read_proc(server.processes("listener")[0], "status")
        return int(re.search(r"VmHWM:\s+(\d+)", said)[1]) * 1024

    def ask(path, coding, body, wanted):
        with server.raw(timeout=60) as raw:
            request = format_request("POST", path, body, folded_headers(coding, body))
            expect(raw.send(request).answer().status, wanted, f"{coding} of {len(body)} bytes")

    def send(path, coding, body, wanted):
        began = time.monotonic()
        ask(path, coding, body, wanted)
        ensure(time.monotonic() - began < PATIENCE, f"{coding} takes more than a second")
    before = peak()
    for bomb in BOMBS:
        send("/hook", *bomb, 413)
        send("/dense", *bomb, 413)
    send("/hook", "gzip", TWICE, 202)
    expect(server.count("event", f"size = {len(with_zlib(ZEROS, 31))}"), 1, "unfolded once")
    in_threads(ask, [("/dense", *BOMBS[1], 413)] * 20)
    ensure(peak() - before < 30 * MIB * PATIENCE ** 2, f"{peak() - before} bytes more")
    ensure(re.search("unfold.ratio.*unfold.size", server.log(), re.DOTALL), "the log names the key")
