"""A form with a file goes to a worker that puts it into Redis, while its sender reads how far it
is; the link that it is given tells the same."""
import json
import os
import re
import subprocess
import tempfile

from harness import SOURCE, Server, expect, route, script
from workers import KEEPS_FILES, Redis, need_redis, worker

TELL = script('echo "got $TENTERHOOK_FILE_COUNT file of $NAME"; redis-cli --raw -s "$SOCKET" '
              'BLPOP "kept:$TENTERHOOK_ID" 60 | tail -n 1')
PHOTO = f"{SOURCE}/tests/e2e/harness.py"

need_redis()
with tempfile.TemporaryDirectory() as directory:
    os.chmod(directory, 0o755)
    redis = Redis(directory)
    keep, tell = worker(KEEPS_FILES), {**TELL, "name": "tell"}
    keep["env"] = {**keep["env"], "REDIS": redis.url}
    tell["env"] = {**tell["env"], "SOCKET": f"{directory}/socket", "NAME": "{{form.name}}"}
    with Server([route(content="multipart", track=True, actions=[keep, tell],
                       auth={"token": {"header": "X-Token", "value": "a-long-enough-token"}},
                       respond={"output": "tell", "stream": True, "exit_line": True})]) as server:
        url = server.addresses[0].replace("127.0.0.1", "localhost")
        head = os.path.join(server.out, "head")

        def curl(path, *options):
            return subprocess.run(["curl", "-sSNf", "--cacert", server.certificate, *options,
                                   url + path], check=True, capture_output=True, text=True).stdout

        expect(curl("/hook", "-D", head, "-H", "X-Token: a-long-enough-token", "-F", "name=Ada",
                    "-F", f"photo=@{PHOTO}"), "got 1 file of Ada\nharness.py\nexit status 0\n")
        link = re.search(r"^location: (\S+)", server.read("head").decode(), re.I | re.M)[1]
        state = json.loads(curl(link + "&wait=30s"))
        expect([action["state"] for action in state["actions"]], ["done", "done"])
        with open(PHOTO, encoding="utf-8") as file:
            expect(json.loads(redis.ask("GET", "file:Ada")), file.read())
        redis.stop()
