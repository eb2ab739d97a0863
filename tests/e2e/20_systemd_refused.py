"""What systemd passes is served only if it is a listening stream socket, and in the clear only
where others cannot reach it."""
import os
import socket

from harness import Failure, Server, ensure, expect, route

STARTER = 'n=$1; shift; exec 3<&$n; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web exec "$@"'


def refused(passed, reason, tls):
    with Server([route()], start=False, plain=True) as server:
        server.settings["server"]["listen"] = [{"address": "systemd:web", "tls": "off", **tls}]
        server.write_settings()
        server.wrapper, server.pass_fds = ["bash", "-c", STARTER, "bash", str(passed)], (passed,)
        server.exit_status = None
        try:
            server.start()
        except Failure:
            ensure(reason in server.log() and "tenterhook.yaml:" in server.log(), server.log())
            server.exit_status = server.process.wait()
            return True
        server.exit_status = 0
        return False


datagrams = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
bound = socket.socket()
for made in (datagrams, bound):
    made.bind(("127.0.0.1", 0))
for passed in (datagrams.fileno(), bound.fileno(), os.open("/dev/null", os.O_RDWR)):
    expect(refused(passed, "is not a listening stream socket", {}), True)
everywhere, loopback = socket.create_server(("0.0.0.0", 0)), socket.create_server(("127.0.0.1", 0))
expect(refused(everywhere.fileno(), "which other machines can reach", {}), True)
expect(refused(everywhere.fileno(), "", {"plaintext": "accept"}), False, "plaintext: accept")
expect(refused(loopback.fileno(), "", {}), False, "a loopback address")
print("a datagram socket, one that does not listen, a device and a reachable plain one were "
      "refused with their place")
