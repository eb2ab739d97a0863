"""Prometheus' Alertmanager, basic, bearer and a CA of its own, reaches commands."""
import json
import urllib.request

from harness import Server, expect, route, script, wait_until
from programs import Program, free_port, write

CONFIG = """
route: {receiver: both, group_wait: 10ms, group_interval: 1s}
receivers:
  - name: both
    webhook_configs:
      - url: %(url)s/basic
        http_config: {basic_auth: {username: alerts, password: a password that is long}, tls_config: {ca_file: %(ca)s}}
      - url: %(url)s/bearer
        http_config: {authorization: {credentials: a-token-that-is-long-enough}, tls_config: {ca_file: %(ca)s}}
"""
keep = script('cat >"$OUT/$TENTERHOOK_ROUTE-$TENTERHOOK_EVENT"')
routes = [route("basic", provider="alertmanager", secret="alerts:a password that is long", actions=[keep]),
          route("bearer", provider="alertmanager-bearer", secret="a-token-that-is-long-enough", actions=[keep])]
with Server(routes) as server:
    server.secrets |= {"a password that is long", "a-token-that-is-long-enough"}
    port = free_port()
    file = write(server, "alertmanager.yaml", CONFIG % {"url": server.addresses[0], "ca": server.certificate})
    command = ["prometheus-alertmanager", "--config.file=" + file, f"--web.listen-address=127.0.0.1:{port}",
               "--cluster.listen-address=", f"--storage.path={server.directory}/alerts"]
    with Program(server, command, port) as sender:
        alert = json.dumps([{"labels": {"alertname": "DiskFull", "instance": "db2"}}]).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{port}/api/v2/alerts", alert, {"Content-Type": "application/json"})
        with urllib.request.urlopen(request, timeout=10) as answer:
            expect(answer.status, 200)
        for name in ("basic-firing", "bearer-firing"):
            wait_until(lambda name=name: server.read(name), name, 30)
        server.wait_settled()
        expect(json.loads(server.read("basic-firing"))["alerts"][0]["labels"]["alertname"], "DiskFull")
        expect(json.loads(server.read("bearer-firing"))["alerts"][0]["labels"]["alertname"], "DiskFull")
print("an alert came by basic and by bearer credentials, over TLS with a CA of its own, and reached its commands")
