"""A037, A039: a body that drips is cut at its deadline and leaves no event; one that arrives in
time is taken."""
import time

from client import format_request
from harness import PATIENCE, Server, ensure, expect, in_threads, ledger, route
from senders import github_headers

DEADLINE = 3
ended = {}

def send_slowly(name, index, size, step, pause):
    body = b"x" * size
    request = format_request("POST", "/hook", body, github_headers(body))
    with server.raw(index) as raw:
        raw.send(request[:-size])
        begun = time.monotonic()
        raw.drip(body, step, pause)
        ended[name] = (raw.buffer[9:12].decode(), time.monotonic() - begun)


with Server([route(content="raw", actions=[ledger()])], plain=True,
            server={"body_timeout": f"{DEADLINE}s"}) as server:
    cases = [("A037 one byte each 200 ms, TLS", 0, 100000, 1, 0.2),
             ("A037 one byte each 200 ms", 1, 100000, 1, 0.2), ("A039 900 B/s", 1, 4096, 90, 0.1),
             ("A039 2 KiB/s", 1, 4096, 205, 0.1), ("A039 2 KiB/s, TLS", 0, 4096, 205, 0.1)]
    in_threads(send_slowly, cases)
    for name, (status, seconds) in ended.items():
        if "2 KiB" in name:
            expect(status, "202", name)
        else:
            expect(status, ("", "408"), name)
            ensure(DEADLINE - 0.5 <= seconds < DEADLINE + 1.5 * PATIENCE,
                   f"{name}: closed after {seconds:.1f} s")
    expect(server.count(), 2, "events")
print(", ".join(f"{name}: {status or 'cut'} after {seconds:.1f} s"
                for name, (status, seconds) in ended.items()))
