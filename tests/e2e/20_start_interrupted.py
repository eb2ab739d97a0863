"""SIGTERM while a generation starts ends the server with 0; no READY follows STOPPING."""
import os
import re
import select
import signal
import socket

from harness import Server, ensure, expect, read_proc, route, wait_until

def states(inbox):
    found = b""
    while select.select([inbox], [], [], 0)[0]:
        found += inbox.recv(4096) + b"\n"
    return found.decode().split()

def is_up(server):
    """Past the first instructions, in which a SIGTERM is simply the end."""
    return int(re.search(r"SigBlk:\s+(\w+)", read_proc(server.pid, "status"))[1],
               16) & 1 << signal.SIGTERM - 1

with Server([route()], start=False) as server:
    server.env["NOTIFY_SOCKET"] = path = os.path.join(server.directory, "notify")
    for number in range(12):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as inbox:
            inbox.bind(path)
            server.start(wait=False)
            wait_until(lambda n=number: is_up(server)
                       and n % 3 <= len(server.processes("listener")), "some of its children")
            server.stop()
            told = states(inbox)
        ensure("READY=1" not in told[told.index("STOPPING=1"):], f"told {told}")
        os.unlink(path)
    for _ in range(6):  # and in a reload
        server.start().send_signal(signal.SIGHUP)
        server.stop()
    server.start()
    expect(server.post("/hook", b"{}").status, 202)
    ensure("reload_failed" not in server.log() and "signal=9" not in server.log(),
           "nothing is given up or killed")
print("stopped 12 times while starting and 6 times while reloading: exit 0 each, nothing killed")
