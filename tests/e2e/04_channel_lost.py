"""A channel of a listener that is lost or never made is logged, and made again within 2 s."""
import time

from faults import injected
from harness import PATIENCE, Server, ensure, ledger, process_stat, route, wait_until

# in whom, the call, how it fails, what brings it about, what the log says
FAULTS = [line.split(", ") for line in """\
runner, recvfrom, error=ENOMEM:when=1, , channel_lost
runner, epoll_ctl, error=ENOSPC:when=2, listener, channel_broken .*cannot be watched
listener, epoll_ctl, error=ENOMEM:when=2, runner, channel_failed .*Cannot allocate
supervisor, socketpair, error=EMFILE:when=2, listener, channel_failed .*Too many open files
supervisor, sendmsg, error=ETOOMANYREFS:when=1..5, listener, channel_failed .*Too many references
supervisor, sendmsg, error=ECONNREFUSED:when=1, listener, unreachable role=runner .*refused
""".splitlines()]


def find(role):
    return (server.pid if role == "supervisor"
            else wait_until(lambda: server.processes(role), "a " + role)[0])


def suffer(where, call, fault, killed, line):
    with injected(find(where), call, fault) as happened:
        old = killed and find(killed)
        if old:
            server.kill(old)
            wait_until(lambda: not process_stat(old), f"the end of the {killed}")
        else:
            server.post("/hook", b"{}")
        wait_until(happened, f"{call} of the {where} to fail")
        begun = time.monotonic()
        wait_until(lambda: server.post("/hook", b"{}").status == 202, f"202 after {fault}", 15)
    ensure(time.monotonic() - begun < 2 * PATIENCE, f"{fault} of {call}: mended too late")
    server.wait_log(line)
    server.wait_settled()


with Server([route(actions=[ledger()])], server={"listeners": 1}) as server:
    [suffer(*fault) for fault in FAULTS]
