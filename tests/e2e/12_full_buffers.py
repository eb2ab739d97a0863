"""What fills a buffer is answered at once, 414 too many parameters, 413 what stands between chunks;
what waits costs no processor."""
import time

from harness import PATIENCE, Server, ensure, expect, ledger, library_version, route
from storm import CHUNKED, target

EXTENSION = CHUNKED + b"2\r\n{}\r\n1;" + b"e" * 30000
CASES = [(f"{count} parameters of {text}", target(b"?" + b"&".join([text] * count)), "414")
         for count in (65, 500, 1300) for text in (b"a", b"a=b")]
if library_version("libmicrohttpd") < (1,):  # which drops extensions, and waits for what comes
    CASES += [("an extension", EXTENSION, "413"), ("a size", CHUNKED + b"0" * 30000, "413")]


def ask(index, data):
    with server.raw(index, timeout=5 * PATIENCE) as raw:
        begun = time.monotonic()
        said = raw.send(data).read_all()
        return said[9:12].decode(), time.monotonic() - begun


with Server([route(actions=[ledger()])], plain=True) as server:
    for name, data, wanted in CASES:
        for index in (0, 1):
            status, took = ask(index, data)
            expect(status, wanted, name)
            ensure(took < 1 * PATIENCE, f"{name}: answered after {took:.1f} s")
    held = [server.raw(number % 2).send(EXTENSION[:length])
            for number, length in enumerate(range(23000, 24600, 10))]
    server.post("/hook", b"{}")
    begun, used = time.monotonic(), server.cpu_seconds()
    while time.monotonic() - begun < 2:
        expect(server.post("/hook", b"{}").status, 202, "an honest client meanwhile")
        time.sleep(0.25)
    share = (server.cpu_seconds() - used) / (time.monotonic() - begun)
    ensure(share < 0.15 or PATIENCE > 1,
           f"{share:.0%} of a core for {len(held)} connections with a full buffer, or nearly")
    [raw.close() for raw in held]
print(f"{2 * len(CASES)} refused at once; {len(held)} full buffers and a few honest requests: "
      f"{share:.1%} of a core")
