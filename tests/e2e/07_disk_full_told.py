"""A full disk is told where people look: systemd's status, check, pause and the log name it, and
systemd's status goes back when there is space."""
import os
import re
import socket

from disk import SmallDisk
from harness import Server, ensure, expect, ledger, route, wait_until

told = []
with SmallDisk(12) as disk, Server([route(actions=[ledger()])], state=disk.path, start=False,
                                   journal={"min_free": "1MiB"}) as server:
    path = os.path.join(server.directory, "notify")
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    notify.bind(path)
    server.env.update(NOTIFY_SOCKET=path)
    server.start()

    def status():
        try:
            told.extend(re.findall(r"STATUS=(.*)", notify.recv(4096).decode()))
        except BlockingIOError:
            pass
        return told[-1] if told else ""

    def send():
        return server.post("/hook", b'"' + b"x" * 20000 + b'"').status

    wait_until(lambda: status() == "serving", "serving")
    disk.fill(leave=0)
    wait_until(lambda: send() == 503, "503", 60)
    wait_until(lambda: "answered 503: too little space" in status(), f"the status: {told}")
    said = server.tool("pause", "hook")
    ensure(said.returncode == 3 and "because its disk is full" in said.stderr, f"{said}")
    ensure("has 0 free, less than journal.min_free (1MiB)" in server.tool("check").stderr, "check")
    low = re.search(r"space_low path=(\S+) free_bytes=(\d+) ", server.log())
    expect(low and low[1], server.settings["journal"]["path"], server.log()[-2000:])
    disk.make_room()
    wait_until(lambda: status() == "serving", f"the status before: {told}")
