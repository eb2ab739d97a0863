"""Who fills all places of the control socket and says nothing loses them in seconds; meanwhile
others are told so, signals and events go on, and no descriptor is left open."""
import os

from control import ask, connect, lines
from harness import Server, ensure, expect, in_threads, ledger, route, wait_until

def descriptors():
    return len(os.listdir(f"/proc/{server.pid}/fd"))

def storm(number):
    for i in range(50):
        try:
            with connect(server) as client:
                client.sendall((b"{" * (i * 100), b'{"verb":"status"}\n', b"\n" * 9000)[number % 3])
                if i % 2 and number % 3:  # an unfinished line would be waited for
                    client.recv(10)
        except OSError:  # turned away, now or before
            pass

with Server([route(actions=[ledger()])]) as server:
    before = descriptors()
    slow = [connect(server) for _ in range(16)]
    slow[0].sendall(b'{"verb":')
    wait_until(lambda: descriptors() == before + 16, "all to be accepted")
    expect(ask(server, raw=b"")[0]["reason"], "too many connections")
    expect(server.tool("status").returncode, 3, "status: it cannot ask")
    server.reload()
    expect(server.post("/hook", b"{}").status, 202)
    expect([list(lines(client)) for client in slow], [[]] * 16, "until their deadline")
    in_threads(storm, [(number,) for number in range(8)])
    wait_until(lambda: descriptors() <= before, "no descriptor to be left, before a deadline", 4)
    expect(ask(server, verb="status")[-1], {"end": "done"})
    ensure(server.tool("status").stdout.startswith("server     tenterhook"), "status")
