"""Several addresses at once: IPv4, IPv6 and a unix socket, with TLS and without; the unix socket is
gone at the end."""
import os

from harness import Server, ensure, expect, ledger, route

with Server([route(actions=[ledger()])], start=False) as server:
    tls = {"certificate": server.certificate, "key": server.key}
    path = os.path.join(server.directory, "http.sock")
    server.settings["server"]["listen"] = [
        {"address": "127.0.0.1:0", "tls": tls}, {"address": "[::1]:0", "tls": tls},
        {"address": "127.0.0.1:0", "tls": "off"}, {"address": "[::1]:0", "tls": "off"},
        {"address": "unix:" + path, "tls": "off"}]
    server.write_settings()
    server.start()
    expect([address.partition("://")[0] for address in server.addresses[:4]],
           ["https", "https", "http", "http"], "what was said")
    ensure("[::1]:" in server.addresses[1] and path in server.addresses[4], f"{server.addresses}")
    server.addresses[4] = "unix:" + path
    for index, address in enumerate(server.addresses):
        expect(server.post("/hook", b"{}", index=index).status, 202, address)
    server.reload()
    for index, address in enumerate(server.addresses):
        expect(server.post("/hook", b"{}", index=index).status, 202, address + " after a reload")
    server.wait_settled()
    expect(len(server.ledger()), 10)
    clients = {row[0] for row in server.query("SELECT client FROM event")}
    ensure({"127.0.0.1", "::1"} <= clients, f"clients in the journal: {clients}")
    server.stop()
    ensure(not os.path.exists(path), "the unix socket is gone")
print(f"{len(server.addresses)} addresses served before and after a reload; clients "
      f"{sorted(clients)}")
