"""A replay whose reader has stopped reading keeps no server from accepting events."""
import fcntl
import os
import struct
import subprocess
import termios

from harness import PROGRAM, Server, expect, route, wait_until

with Server([route("gone"), route()]) as server:
    for _ in range(60):
        expect(server.post("/gone", b"{}").status, 202)
    server.wait_settled()
    del server.settings["routes"][0]
    server.write_settings()
    server.reload()
    reading, writing = os.pipe()
    size = fcntl.fcntl(reading, fcntl.F_SETPIPE_SZ, 4096)

    def unread():
        return struct.unpack("i", fcntl.ioctl(reading, termios.FIONREAD, b"\0\0\0\0"))[0]

    with subprocess.Popen([PROGRAM, "replay", "--since", "1h", "--yes", "-c", server.file],
                          stdout=subprocess.DEVNULL, stderr=writing) as replay:
        os.close(writing)
        wait_until(lambda: unread() > size - 200, "the pipe to be full")
        expect([server.post("/hook", b"{}").status for _ in range(3)], [202] * 3)
        with open(reading, encoding="utf-8") as file:
            expect(file.read().count("its route is no longer in the route file"), 60)
    expect(replay.returncode, 1)
