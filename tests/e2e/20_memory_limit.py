"""In a cgroup of 64 MiB more bodies than it could hold are answered 503, nothing is killed."""
import collections
import contextlib
import os

from cgroup import MemoryGroup
from harness import Server, ensure, expect, in_threads, route, skip
from senders import github_headers

if os.environ.get("TENTERHOOK_SANITIZED"):
    skip("a sanitizer wants more memory than there is here")
BODY = b'"%s"' % (b"x" * 1000000)
with MemoryGroup(64) as group, Server([route(actions=[{"shell": ":", "stdin": "none"}])],
                                      plain=True, start=False) as server:
    server.wrapper = group.wrapper
    server.start()
    server.wait_log(r"serving .*body_memory=8388608\b")
    before = server.processes("runner") + server.processes("listener")
    signed = "".join(f"{name}: {value}\r\n" for name, value in github_headers(BODY).items())
    head = f"POST /hook HTTP/1.1\r\nHost: a\r\nContent-Length: {len(BODY)}\r\n{signed}\r\n".encode()
    clients, statuses = [server.raw(-1) for _ in range(100)], collections.Counter()
    for client in clients:
        with contextlib.suppress(OSError):  # refused while it was still sending
            client.send(head + BODY[:-1])
    for client in clients:
        client.close()
    def flood():
        for _ in range(5):
            with contextlib.suppress(OSError):
                statuses[server.post("/hook", BODY, index=-1).status] += 1

    in_threads(flood, [()] * 30)
    ensure(statuses[202] and statuses[503], f"some are taken and some refused: {statuses}")
    expect(group.kills(), 0, "killed")
    expect(server.processes("runner") + server.processes("listener"), before, "who is there")
    server.settings["server"]["body_memory"] = "256MiB"
    server.write_settings()
    server.reload()
    server.wait_log("body_memory is 256MiB, more than half of the 64MiB")
print(f"64 MiB: {dict(statuses)}, nothing killed")
