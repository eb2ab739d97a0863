"""A channel of a listener that is lost or never made is logged, and made again within 2 s."""
import time

from faults import injected
from harness import PATIENCE, Server, ensure, ledger, process_stat, route, wait_until

FAULTS = [  # in whom, the call, how it fails, what brings it about, what the log says
    ("runner", "recvfrom", "error=ENOMEM:when=1", None, r"channel_lost"),
    ("runner", "epoll_ctl", "error=ENOSPC:when=2", "listener", r"channel_broken .*cannot be watch"),
    ("listener", "epoll_ctl", "error=ENOMEM:when=2", "runner", r"channel_failed .*Cannot allocate"),
    ("supervisor", "socketpair", "error=EMFILE:when=2", "listener", r"channel_failed .*open files"),
    ("supervisor", "sendmsg", "error=ETOOMANYREFS:when=1..5", "listener", r"channel_failed .*Too "),
    ("supervisor", "sendmsg", "error=ECONNREFUSED:when=1", "listener", r"unreachable role=runner "),
]


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
    for row in FAULTS:
        suffer(*row)
