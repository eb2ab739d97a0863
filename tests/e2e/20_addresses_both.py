"""[::] takes IPv4 too, under IPv4 addresses; beside an IPv4 address of its port only IPv6."""
import socket

from harness import Failure, Server, ensure, expect, ledger, route


def free_port():
    with socket.socket(socket.AF_INET6) as probe:
        probe.bind(("::", 0))
        return probe.getsockname()[1]


def connects(host, port):
    try:
        socket.create_connection((host, port), 5).close()
        return True
    except OSError:
        return False


listed = route(allow=["127.0.0.1"], actions=[ledger()])
with Server([listed],
            listen=[{"address": "[::]:0", "tls": "off", "plaintext": "accept"}]) as server:
    port = server.addresses[0].rpartition(":")[2]
    server.addresses = [f"http://127.0.0.1:{port}", f"http://[::1]:{port}"]
    expect(server.post("/hook", b"{}").status, 202, "over IPv4")
    expect(server.post("/hook", b"{}", index=1).status, 403, "over IPv6, which is not allowed")
    expect(server.query("SELECT client FROM event"), [("127.0.0.1",)], "the client")

for attempt in range(5):  # somebody else may take the port in between
    port = free_port()
    listen = [{"address": f"{host}:{port}", "tls": "off", "plaintext": "accept"}
              for host in ("[::]", "0.0.0.0")]
    try:
        with Server([listed], listen=listen) as server:
            expect((connects("127.0.0.1", port), connects("::1", port)), (True, True), "both")
            break
    except Failure as failure:
        ensure("Address already in use" in str(failure) and attempt < 4, str(failure))
print("IPv4 and IPv6 on one socket and on two")
