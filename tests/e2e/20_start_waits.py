"""A start waits for what is left of a killed server, says so, and obeys SIGTERM meanwhile."""
import fcntl
import os
import socket

from harness import Server, ensure, expect, ledger, route, wait_until

def told():
    try:
        return notify.recv(4096).decode()
    except BlockingIOError:
        return ""

with Server([route(actions=[ledger()])], start=False) as server:
    path = os.path.join(server.directory, "notify")
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    notify.bind(path)
    server.env.update(NOTIFY_SOCKET=path)
    server.start()
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
    # each is held alone, as by a process that waits for its disk
    for name in ("journal.db.lock", "journal.db"):
        server.stop()
        left = os.open(os.path.join(server.state, name), os.O_RDWR)
        fcntl.flock(left, fcntl.LOCK_EX)
        lines = server.log().count("waiting seconds=1 ")
        server.start(wait=False)
        wait_until(lambda n=lines: server.log().count("waiting seconds=1 ") > n,
                   "the waiting to be logged")
        wait_until(lambda: "EXTEND_TIMEOUT_USEC=" in told(), "systemd to be told")
        if name == "journal.db":
            server.stop()  # with exit status 0
            server.start(wait=False)
        ensure(server.process.poll() is None, "it is still there")
        os.close(left)
        server.wait_ready()
        expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
    expect(len(server.ledger()), 3)
