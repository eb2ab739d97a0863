"""Behind nginx, HAProxy, Apache and Caddy the right client is known, whatever is forged."""
from client import Connection
from fronts import ROUTES, TEXTS, Front, installed, status_of, upstream
from harness import ensure, expect
from manual import Manual


def attempts(server, kind, address, net):
    def post(last, to=address, **more):
        return status_of(server, to, f"{net}.{last}", **more)

    large = b'{"a":"%s"}' % (b"x" * 5_000_000)
    forged = [{"X-Forwarded-For": f"{net}.1, 127.0.0.1"}, {"Forwarded": f"for={net}.1"},
              {"X-Forwarded-For": '", x'}]
    expect([post(1), post(1, body=large)], [202, 202], f"{kind}: a small and a large one")
    expect([post(2, **headers) for headers in forged], [403] * 3, f"{kind}: not in the list")
    expect([post(3, server.addresses[0], **headers) for headers in forged], [403] * 3, "directly")
    expect([post(1), post(1)], [202, 429], f"{kind}: the limit of one")
    expect(post(1, **{"X-Forwarded-For": f"{net}.9"}), 429, f"{kind}: none of a forged address")
    expect(post(9), 202, f"{kind}: the limit of another")
    for who, status in (1, 202), (2, 403), (3, 403), (1, 429):
        ensure(f"peer={net}.{who} status={status}" in server.log(), f"{kind}: who it was")
    with Connection(address, server.certificate) as connection:
        expect(connection.request("GET", "/healthz").status, 200, f"{kind}: the health check")


nets = {kind: f"127.0.{number}" for number, kind in enumerate(installed(), 1)}
clients = [f"{net}.{last}" for net in nets.values() for last in (1, 9)]
with Manual(ROUTES, ("127.0.0.1:8080", "127.0.0.1:0"), ("192.30.252.0/22", ", ".join(clients)),
            ("rate: 10/s, burst: 50", "rate: 1/h, burst: 3")) as server:
    for kind, net in nets.items():
        with Front(kind, server, TEXTS[kind], ("127.0.0.1:8080", upstream(server))) as front:
            attempts(server, kind, front.address, net)
    server.wait_settled()
    seen = sorted(server.read("clients").decode().split())
    expect(seen, sorted([*clients, *clients[::2] * 2]), "what actions see")
    expect(sorted(row[0] for row in server.query("SELECT client FROM event")), seen, "the journal")
print(f"the manual's configurations of {list(nets)}: right clients, and no forged one")
