"""The workers of config/examples in Python, Node.js and sh do what they say, also when the file
cannot be written for a while; those for brokers are Python as Debian has it."""
import glob
import json
import os
import subprocess

from harness import SOURCE, Server, expect, route
from workers import PYTHON

EXAMPLES = f"{SOURCE}/config/examples"
FILES = {"python": [PYTHON, f"{EXAMPLES}/worker.py"], "node": ["node", f"{EXAMPLES}/worker.mjs"],
         "sh": ["/bin/sh", f"{EXAMPLES}/worker.sh"]}
routes = [route(name, actions=[{"worker": [*command, f"@OUT@/{name}/log"]}])
          for name, command in FILES.items()]
routes.append(route("raw", content="raw", actions=[{"worker": FILES["python"]}]))
for path in glob.glob(f"{EXAMPLES}/*.py"):
    subprocess.run([PYTHON, "-c", "import sys; compile(open(sys.argv[1]).read(), sys.argv[1], "
                    "'exec')", path], check=True)
with Server(routes) as server:
    for name in FILES:
        os.mkdir(f"{server.out}/{name}", 0o777)
        os.chmod(f"{server.out}/{name}", 0o777)
        for number in range(50):
            body = json.dumps({"number": number}).encode()
            expect(server.post("/" + name, body).status, 202)
    server.wait_settled()
    for name in FILES:
        lines = [json.loads(line) for line in server.read(f"{name}/log").splitlines()]
        numbers = [line.get("payload", line)["number"] for line in lines]
        expect(sorted(numbers) if name == "node" else numbers, list(range(50)), name)
    expect(server.post("/raw", b"no JSON").status, 202)
    server.wait_settled()
    expect(server.query("SELECT reason FROM delivery WHERE state = 'dead'"),
           [("the event has no JSON",)])
