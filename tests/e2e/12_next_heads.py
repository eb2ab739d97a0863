"""A head has header_timeout from its first byte, also if that came with the request before."""
import time

from framing import signed_request
from harness import PATIENCE, Server, ensure, expect, in_threads, ledger, route
from senders import ACKNOWLEDGED

DEADLINE, IDLE = 2, 12
HALVES = (b"P", b"POST /ho", b"POST /hook HTTP/1.1\r\nHost: a\r\nX: y")
ended = {}

def ask(index, half, size, pause):
    """A request, and a bit of the next: in one flight, or after a moment in which the first may
    wait for the runner."""
    request = signed_request("/hook", b'{"%s":%d}' % (b"x" * size, index))
    with server.raw(index, timeout=IDLE * PATIENCE) as raw:
        raw.send(request if pause else request + half)
        if pause:
            time.sleep(pause)
            raw.send(half)
        status, begun = raw.answer().status, time.monotonic()
        said = raw.read_all()
        ended[index, half, size, pause] = status, said[9:12], time.monotonic() - begun

with Server([route(actions=[ledger()])], plain=True,
            server={"header_timeout": f"{DEADLINE}s", "idle_timeout": f"{IDLE}s"}) as server:
    cases = [(index, half, size, pause) for index in (0, 1) for half in HALVES
             for size in (1, 20000) for pause in (0, 0.001, 0.003)]
    in_threads(ask, cases)
    for case, (status, late, seconds) in ended.items():
        ensure(status in ACKNOWLEDGED and late == b"408",
               f"{case}: answered {status} and then {late}")
        ensure(seconds < DEADLINE + 1.5 * PATIENCE, f"{case}: closed after {seconds:.1f} s")
    expect(len(ended), len(cases))
    with server.raw(0, timeout=IDLE) as raw:  # and who is idle is left alone
        expect(raw.send(signed_request("/hook")).answer().status, 202)
        time.sleep(DEADLINE + 0.5)
        expect(raw.send(signed_request("/hook")).answer().status, 202, "after a head's deadline")
took = [seconds for _, _, seconds in ended.values()]
print(f"{len(cases)} heads behind a request: 408 after {min(took):.1f} to {max(took):.1f} s")
