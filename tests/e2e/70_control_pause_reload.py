"""While the runner of the configuration before may still start something, nobody is told that the
server has taken note of a pause."""
import os
import select
import signal

from control import ask, connect, lines
from harness import Server, ensure, expect, ledger, route

with Server([route(actions=[ledger()])]) as server:
    before, = server.processes("runner")
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
    ensure(ask(server, verb="status"), "status")  # it does nothing now, and holds no lock
    os.kill(before, signal.SIGSTOP)
    expect(server.tool("reload").stdout, "generation 2 serves\n")
    client = connect(server)
    client.sendall(b'{"verb":"refresh"}\n')
    for _ in range(5):  # which the same two processes answer
        ensure(ask(server, verb="status"), "status")
    ensure(not select.select([client], [], [], 0)[0], "it is confirmed too early")
    os.kill(before, signal.SIGCONT)
    expect(list(lines(client)), [{"end": "done"}])
