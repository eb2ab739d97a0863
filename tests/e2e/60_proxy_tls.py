"""HAProxy passes TLS through with PROXY 1 and 2: the right client everywhere, checks are 200."""
import re

from fronts import PAGE, ROUTES, Front, installed, status_of, upstream
from harness import ensure, expect, skip, wait_until
from manual import Manual

BLOCKS = PAGE["HAProxy in front of TLS"]
ROUTE_FILE = re.sub(r"server:\n.*?(?=journal:)", lambda _: BLOCKS["yaml"][0], ROUTES, flags=re.S)


def attempts(server, address, net):
    def post(last, **more):
        return status_of(server, address, f"{net}.{last}", **more)

    forged = {"X-Forwarded-For": f"{net}.1", "Forwarded": f"for={net}.1"}
    large = b'{"a":"%s"}' % (b"x" * 5_000_000)
    statuses = [post(1), post(1, body=large), post(1, **forged), post(1)]
    expect(statuses, [202, 202, 202, 429], "the limit of one")
    expect([post(9, **forged), post(2, **forged)], [202, 403], "another, and one not in the list")
    for said in f"peer={net}.2 status=403", f"peer={net}.1 status=429":
        ensure(said in server.log(), "who it was in the log")


if "haproxy" not in installed():
    skip("haproxy is not installed")
nets = {"send-proxy-v2": "127.0.1", "send-proxy": "127.0.2"}
clients = [f"{net}.{last}" for net in nets.values() for last in (1, 9)]
with Manual(ROUTE_FILE, ("127.0.0.1:8443", "127.0.0.1:0"),
            ("/etc/tenterhook/hooks", "@DIR@/server"), ("192.30.252.0/22", ", ".join(clients)),
            ("rate: 10/s, burst: 50", "rate: 1/h, burst: 3")) as server:
    for version, net in nets.items():
        with Front("haproxy", server, BLOCKS["haproxy"][0].replace("send-proxy-v2", version),
                   ("127.0.0.1:8443", upstream(server))) as front:
            attempts(server, front.address, net)
            wait_until(lambda: "Layer7 check passed, code: 200" in front.log(), "its own check")
            ensure("DOWN" not in front.log(), f"HAProxy's check: {front.log()}")
    server.wait_settled()
    seen = sorted(server.read("clients").decode().split())
    expect(seen, sorted([*clients, *clients[::2] * 2]), "what actions see")
