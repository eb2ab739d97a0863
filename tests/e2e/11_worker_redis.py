"""config/examples/worker-redis.py puts each event into a stream of a real Redis, also when that is
away for a while."""
import json
import os
import shutil
import subprocess
import tempfile

from harness import SOURCE, Server, expect, route, skip, wait_until
from workers import PYTHON

if not shutil.which("redis-server") or subprocess.run(
        [PYTHON, "-c", "import redis"], check=False, stderr=subprocess.DEVNULL).returncode:
    skip("redis-server or python3-redis is not installed")


def start(directory):
    redis = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", f"{directory}/socket", "--unixsocketperm",
         "777", "--dir", directory, "--save", "", "--appendonly", "yes"],
        stdout=subprocess.DEVNULL)
    wait_until(lambda: ask(directory, "PING") == "PONG", "Redis")
    return redis


def ask(directory, *words):
    return subprocess.run(["redis-cli", "--json", "-s", f"{directory}/socket", *words], check=False,
                          capture_output=True, text=True).stdout.strip().strip('"')


with tempfile.TemporaryDirectory() as directory:
    os.chmod(directory, 0o755)
    redis = start(directory)
    worker = {"worker": [PYTHON, f"{SOURCE}/config/examples/worker-redis.py"],
              "env": {"REDIS_URL": f"unix://{directory}/socket", "STREAM": "hooks"}}
    with Server([route(actions=[worker])]) as server:
        ids = [server.post("/hook", b'{"n": 1}').json()["id"] for _ in range(20)]
        server.wait_settled()
        redis.terminate()
        redis.wait()
        ids.append(server.post("/hook", b'{"n": 2}').json()["id"])
        server.wait_log("worker_said")
        redis = start(directory)
        server.wait_settled()
        entries = json.loads(ask(directory, "XRANGE", "hooks", "-", "+"))
        redis.terminate()
        redis.wait()
    found = [dict(zip(fields[::2], fields[1::2])) for _, fields in entries]
    expect([entry["id"] for entry in found], ids)
    expect(json.loads(found[20]["event"])["payload"], {"n": 2})
