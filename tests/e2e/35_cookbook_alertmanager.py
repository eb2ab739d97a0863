"""The page "Alerts of Prometheus": critical alerts call the script, all go to the pipe, from `send`
and, where it is installed, from an Alertmanager with the page's configuration."""
import json
import shutil

from client import Connection
from cookbook import Page
from harness import ensure, expect, wait_until
from programs import Program, free_port

with Page("alertmanager", ("group_wait: 30s", "group_wait: 10ms")) as server:
    answer, line = server.try_it(0).strip().split("\n")
    ensure(answer.startswith("202 "), answer)
    envelope = json.loads(line)
    expect((envelope["event"], envelope["payload"]["commonLabels"]["instance"]), ("firing", "db2"))
    said = ["DiskFull on db2: 95 % of /var are used"]
    expect(server.try_it(1).splitlines(), said)
    alert = json.loads(server.text("alert.json"))
    with open(f"{server.directory}/alerts.fifo", "rb+", buffering=0) as reader:
        for change in ({"status": "resolved"}, {"commonLabels": {"severity": "warning"}}):
            sent = server.send("alertmanager-bearer", "/alerts", alert | change, settle=False)
            expect(sent[0], 202, f"{change}")
            ensure(reader.read(65536), f"{change}")
    expect(server.text("pages.log").splitlines(), said)
    if shutil.which("prometheus-alertmanager"):
        port = free_port()
        file = server.write("alertmanager.yml", server.files["alertmanager.yml"].replace(
            "https://localhost:8443", server.url).replace("30s", "10ms"))
        command = ["prometheus-alertmanager", "--config.file=" + file, "--cluster.listen-address=",
                   f"--web.listen-address=127.0.0.1:{port}", f"--storage.path={server.directory}/d"]
        with Program(server, command, port), Connection(f"http://127.0.0.1:{port}") as api:
            labels = {"alertname": "Down", "instance": "web1", "severity": "critical"}
            sent = json.dumps([{"labels": labels, "annotations": {"summary": "no answer"}}])
            headers = {"Content-Type": "application/json"}
            expect(api.request("POST", "/api/v2/alerts", sent.encode(), headers).status, 200)
            wait_until(lambda: server.text("pages.log").splitlines()[1:], "a page", 30)
            ensure(server.shell("head -n 1 alerts.fifo"), "a line of the pipe")
        expect(server.text("pages.log").splitlines()[1:], ["Down on web1: no answer"])
