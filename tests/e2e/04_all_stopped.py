"""All processes stand still for two minutes (a frozen container, SIGSTOP and SIGCONT): none is
taken for hung, and what clients have sent in time is not late."""
import signal

from client import format_request
from harness import Server, ensure, expect, ledger, route, times_slept, wait_until
from senders import github_headers
from wallclock import WallClock

clock = WallClock()
body = b'{"long": "' + b"x" * 2000 + b'"}'
request = format_request("POST", "/hook", body, github_headers(body))
head = request.index(b"\r\n\r\n") + 4
# how much of it has come before
CASES = {"nothing": 0, "half a head": head // 2, "a head": head, "half a body": head + 1000,
         "all, which waits for the runner": len(request)}

with Server([route(dedupe="off", actions=[ledger()])], plain=True, env=clock.env,
            server={"listeners": 1}) as server:
    pids = [server.pid, *server.processes("runner"), *server.processes("listener")]
    server.kill(pids[1], signal.SIGSTOP)
    clients = [(name, index, server.raw(index)) for name in CASES for index in (0, 1)]
    for name, index, client in clients:
        client.send(request[:CASES[name]])
    expect(server.request("GET", "/nowhere").status, 404)  # what came before that has been read
    for pid in pids:
        server.kill(pid, signal.SIGSTOP)
    for name, index, client in clients:
        client.send(request[CASES[name]:])
    clock.offset(0, monotonic=120)
    before = times_slept(server.pid)
    for pid in pids:
        server.kill(pid, signal.SIGCONT)
        wait_until(lambda: times_slept(pid) > before or pid != server.pid, "a look at the children")
    for name, index, client in clients:
        expect(client.answer().status, 202, f"{name}, of address {index}")
    ensure("supervisor: hung" not in server.log(), "none is taken for hung")
