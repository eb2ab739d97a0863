"""The script of docs/answers.md waits with curl for the end of a deployment, and ends as that did;
at a link that is none it fails."""
import os
import re
import shutil
import subprocess

from harness import PATIENCE, SECRET, SOURCE, Server, expect, script, skip
from links import tracked

if not shutil.which("curl") or not shutil.which("jq"):
    skip("there is no curl or no jq")
with open(os.path.join(SOURCE, "docs", "answers.md"), encoding="utf-8") as page:
    SCRIPT = re.search("^```sh\n(location=.*?)^```", page.read(), re.S | re.M)[1]

# the body says how the deployment ends
ACTION = script('read -r body; sleep 0.2; exit "$body"')
with Server([tracked("deploy", auth={"token": {"bearer": SECRET}}, actions=[ACTION])]) as server:

    def run(text, status):
        server.write("event.json", f"{status}\n")
        return subprocess.run(
            ["sh", "-c", text], cwd=server.directory, capture_output=True, check=False,
            timeout=60 * PATIENCE, env={**os.environ, "CURL_CA_BUNDLE": server.certificate,
                                        "server": server.addresses[0], "TOKEN": SECRET}).returncode

    expect([run(SCRIPT, 0), run(SCRIPT, 3)], [0, 1])
    expect(run(SCRIPT.replace("$location", "${location}x"), 0), 1)
    expect(server.count(), 3)
