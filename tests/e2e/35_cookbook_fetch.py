"""The page "Fetch what GitHub could not deliver": each event that GitHub takes for failed is asked
for, and runs once; what had arrived runs nothing."""
import json
import os
import shutil

from cookbook import Page
from github_api import GitHub, delivery
from harness import ensure, expect, skip

if not shutil.which("jq"):
    skip("jq is not installed")
LIST = [delivery("fine"), delivery("lost", "Service Unavailable", 2.9),
        delivery("arrived", "timed out", 0.1), delivery("old", "failed to connect", 3.1),
        delivery("mended", "failed to connect", 0.5), delivery("mended", attempt=2),
        *(delivery("refused", "Invalid HTTP Response", attempt=n) for n in range(1, 11)),
        *(delivery("down", "failed to connect", 0.2, attempt=n) for n in range(1, 4))]


def deliver(guid):
    body = json.dumps({"ref": "refs/heads/main", "after": guid}).encode()
    return server.post("/github", body, delivery=guid, secret=secret).status


with Page("fetch-failed-deliveries") as server, GitHub(LIST, deliver) as github:
    secret = server.text("hooks.secret").strip()
    expect(deliver("arrived"), 202)
    server.adapt_file("fetch-failed.sh", ("https://api.github.com", github.url),
                      ("https://localhost:8443", server.url))
    os.chmod(server.write("github.header", github.header), 0o600)
    expect(server.try_it(0).count("asked for "), 3)
    expect((sorted(github.asked), server.try_it(0)), (["arrived", "down", "lost"], ""), "once each")
    ensure(server.try_it(1).count(" done ") == 3, "the list")
    expect(sorted(server.text("deployed.log").split()[1::2]), ["arrived", "down", "lost"])
    if shutil.which("systemd-analyze"):
        server.shell('sed -i "s,/etc/tenterhook,$PWD," *.service; systemd-analyze verify ./*.timer')
    asked = github.requests
    server.stop()
    server.shell("./fetch-failed.sh example/garden 12345678", status=7)
    expect(github.requests, asked, "no request while the server is down")
