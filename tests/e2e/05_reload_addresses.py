"""A reload that takes an address away closes it for good, and one that would leave IPv4 closed on [::] says to restart."""
import socket

from harness import Server, ensure, expect, route, wait_until


def answers(host, port):
    try:
        socket.create_connection((host, port), 10).close()
        return True
    except ConnectionRefusedError:
        return False


def free_port():
    with socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::", 0))
        return probe.getsockname()[1]


def listen(*addresses):
    server.settings["server"]["listen"] = [{"address": address, "tls": "off", "plaintext": "accept"} for address in addresses]
    server.write_settings()
    if server.process:
        server.reload()


first, second = free_port(), free_port()
with Server([route()], start=False) as server:
    listen(f"127.0.0.1:{first}", f"127.0.0.1:{second}")
    server.start()
    for _ in range(2):  # given back, and taken away again
        listen(f"127.0.0.1:{first}")
        wait_until(lambda: not answers("127.0.0.1", second), "the address to be closed")
        listen(f"127.0.0.1:{first}", f"127.0.0.1:{second}")
        ensure(answers("127.0.0.1", second), "it is open again")
    listen(f"127.0.0.1:{first}", f"127.0.0.1:{second}", f"[::]:{first}")
    listen(f"127.0.0.1:{second}", f"[::]:{first}")
    ensure("cannot take IPv4 before a restart" in server.log(), "why it is not done")
    ensure(answers("127.0.0.1", first), "nothing has changed")
