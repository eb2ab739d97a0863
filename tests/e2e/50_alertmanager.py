"""Prometheus' Alertmanager, basic, bearer and a CA of its own, reaches commands."""
import json

from client import Connection
from harness import Server, expect, route, script, wait_until
from programs import Program, free_port

CONFIG = """
route: {receiver: both, group_wait: 10ms, group_interval: 1s}
receivers:
  - name: both
    webhook_configs:
      - url: %(url)s/basic
        http_config:
          {basic_auth: {username: alerts, password: %(password)s}, tls_config: {ca_file: %(ca)s}}
      - url: %(url)s/bearer
        http_config: {authorization: {credentials: %(token)s}, tls_config: {ca_file: %(ca)s}}
"""
PASSWORD, TOKEN = "a password that is long", "a-token-that-is-long-enough"
JSON = {"Content-Type": "application/json"}
keep = script('cat >"$OUT/$TENTERHOOK_ROUTE-$TENTERHOOK_EVENT"')
routes = [route("basic", provider="alertmanager", secret=f"alerts:{PASSWORD}", actions=[keep]),
          route("bearer", provider="alertmanager-bearer", secret=TOKEN, actions=[keep])]
with Server(routes) as server:
    server.secrets |= {PASSWORD, TOKEN}
    port = free_port()
    file = server.write("alertmanager.yaml", CONFIG % {
        "url": server.addresses[0], "ca": server.certificate, "password": PASSWORD, "token": TOKEN})
    command = ["prometheus-alertmanager", "--config.file=" + file, "--cluster.listen-address=",
               f"--web.listen-address=127.0.0.1:{port}", f"--storage.path={server.directory}/data"]
    with Program(server, command, port) as sender:
        alert = json.dumps([{"labels": {"alertname": "DiskFull", "instance": "db2"}}]).encode()
        with Connection(f"http://127.0.0.1:{port}") as api:
            answer = api.request("POST", "/api/v2/alerts", alert, JSON)
        expect(answer.status, 200)
        for name in ("basic-firing", "bearer-firing"):
            wait_until(lambda name=name: server.read(name), name, 30)
            server.wait_settled()
            labels = json.loads(server.read(name))["alerts"][0]["labels"]
            expect(labels["alertname"], "DiskFull", name)
