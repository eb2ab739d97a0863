"""The alert script of config/examples tells ntfy, Slack and mail(1) of a failure; what cannot be
sent is tried again."""
import json
import os
import shutil

from harness import SOURCE, Server, ensure, expect, route, script, skip, wait_until
from telling import receive

if not shutil.which("curl"):
    skip("there is no curl")
got = []
base = receive(got, [503, 200])
ENV = {"ALERT_NTFY": f"{base}/topic", "ALERT_SLACK": f"{base}/slack",
       "ALERT_MAIL": "root@localhost", "PATH": f"@OUT@:{os.environ['PATH']}"}
FAILS = script('printf \'a "quote"\\n\\\\ and\\ta tab\\n\' >&2; exit 3', name="run", stdin="none")
with Server([route(actions=[FAILS], on_failure={
        "command": [f"{SOURCE}/config/examples/alert.sh"], "stdin": "none", "env": ENV,
        "retry": {"backoff": "100ms"}})], start=False) as server:
    with open(f"{server.out}/mail", "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\n(echo \"$@\"; cat) >{server.out}/mailed.new\n"
                   f"mv {server.out}/mailed.new {server.out}/mailed\nexit 3\n")
    os.chmod(f"{server.out}/mail", 0o755)
    server.start()
    event = server.post("/hook", b"{}").json()["id"]
    wait_until(lambda: server.read("mailed"), "the mail")
    text = f'exited with status 3\na "quote"\n\\ and\ta tab\ntenterhook events show {event}\n'
    expect(got[:2], [("/topic", "hook: run failed", text)] * 2)
    expect(json.loads(got[2][2]), {"text": ("*hook: run failed*\n" + text.strip()).replace(
        "\t", " ")})
    expect(server.read("mailed").decode(), f"-s hook: run failed root@localhost\n{text}")
    ensure(server.wait_log(f"retries id={event} .*action=on_failure.*exit=75"), "a retry")
