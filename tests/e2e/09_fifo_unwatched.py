"""A FIFO that the server may write and not read gets its events one at a time, each whole, and the
log says so once."""
import json
import os

from harness import Server, ensure, expect, route, skip, wait_until
from pipes import Reader, take, unread

if os.geteuid() != 0:
    skip("only root can make a FIFO that the server's user may not read")

with Server([route("watched", actions=[{"pipe": "@OUT@/watched", "create": "0600"}]),
             route("pipe", actions=[{"pipe": "@OUT@/fifo"}])]) as server:
    path = os.path.join(server.out, "fifo")
    os.mkfifo(path)
    os.chmod(path, 0o622)  # root's, as a service that runs as root makes it
    ids = [server.post("/pipe", b'{"number":%d}' % number).json()["id"] for number in range(60)]
    fd, lines = os.open(path, os.O_RDONLY | os.O_NONBLOCK), []
    for number in range(50):  # more than a steady reader needs to be sent as much as the FIFO holds
        wait_until(lambda: unread(fd), "a frame")
        lines += take(fd, 65536).splitlines()
        expect(len(lines), number + 1, "one frame at a time")
    os.close(fd)
    reader = Reader(path)
    reader.wait_lines(10)
    server.wait_settled()
    got = [json.loads(line)["id"] for line in lines + reader.lines()]
    reader.close()
    expect(set(got), set(ids), "frames that came whole")
    expect(server.log().count("pipe_unwatched"), 1, "warnings")
    ensure(f"pipe_unwatched path={path}" in server.log(), "it names the FIFO")
print(f"{len(got)} whole lines, {len(lines)} of them one at a time")
