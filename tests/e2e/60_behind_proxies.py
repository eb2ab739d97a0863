"""Behind nginx, HAProxy, Apache and Caddy the right client is known, whatever is forged."""
from client import Connection
from fronts import ROUTES, TEXTS, Front, installed
from harness import ensure, expect
from manual import SECRET_FILE, Manual
from senders import github_headers


def attempts(server, kind, address, net):
    def post(last, body=b"{}", to=address, **headers):
        with Connection(to, server.certificate, source=f"{net}.{last}") as connection:
            return connection.request("POST", "/github", body, {**github_headers(body, secret=SECRET_FILE), **headers}).status

    forged = [{"X-Forwarded-For": f"{net}.1, 127.0.0.1"}, {"Forwarded": f"for={net}.1"}, {"X-Forwarded-For": '", x'}]
    expect([post(1), post(1, b'{"a":"%s"}' % (b"x" * 5_000_000))], [202, 202], f"{kind}: a small and a large one")
    expect([post(2, **headers) for headers in forged], [403] * 3, f"{kind}: not in the list")
    expect([post(3, to=server.addresses[0], **headers) for headers in forged], [403] * 3, "past the proxy")
    expect([post(1), post(1)], [202, 429], f"{kind}: the limit of one")
    expect(post(1, **{"X-Forwarded-For": f"{net}.9"}), 429, f"{kind}: a forged address has no limit of its own")
    expect(post(9), 202, f"{kind}: the limit of another")
    said = [f"peer={net}.{who}" for who in ("1 status=202", "2 status=403", "3 status=403", "1 status=429")]
    ensure(all(who in server.log() for who in said), f"{kind}: who it was in the log")
    with Connection(address, server.certificate) as connection:
        expect(connection.request("GET", "/healthz").status, 200, f"{kind}: the health check")


nets = {kind: f"127.0.{number}" for number, kind in enumerate(installed(), 1)}
clients = [f"{net}.{last}" for net in nets.values() for last in (1, 9)]
with Manual(ROUTES, ("127.0.0.1:8080", "127.0.0.1:0"), ("192.30.252.0/22", ", ".join(clients)),
            ("rate: 10/s, burst: 50", "rate: 1/h, burst: 3")) as server:
    up = server.addresses[0].partition("//")[2]
    for kind, net in nets.items():
        with Front(kind, server, TEXTS[kind], ("127.0.0.1:8080", up)) as front:
            attempts(server, kind, front.address, net)
    server.wait_settled()
    seen = sorted(server.read("clients").decode().split())
    expect(seen, sorted(f"{net}.{last}" for net in nets.values() for last in (1, 1, 1, 9)), "what actions see")
    expect(sorted(row[0] for row in server.query("SELECT client FROM event")), seen, "what the journal has")
print(f"the manual's configurations of {list(nets)}: right clients, and no forged one")
