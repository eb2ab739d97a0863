"""config/examples/worker-redis.py puts each event into a stream of a real Redis, also when that is
away for a while."""
import json
import os
import tempfile

from harness import SOURCE, Server, expect, route
from workers import PYTHON, Redis, need_redis

need_redis()
with tempfile.TemporaryDirectory() as directory:
    os.chmod(directory, 0o755)
    redis = Redis(directory)
    worker = {"worker": [PYTHON, f"{SOURCE}/config/examples/worker-redis.py"],
              "env": {"REDIS_URL": redis.url, "STREAM": "hooks"}}
    with Server([route(actions=[worker])]) as server:
        ids = [server.post("/hook", b'{"n": 1}').json()["id"] for _ in range(20)]
        server.wait_settled()
        redis.stop()
        ids.append(server.post("/hook", b'{"n": 2}').json()["id"])
        server.wait_log("worker_said")
        redis.start()
        server.wait_settled()
        entries = json.loads(redis.ask("XRANGE", "hooks", "-", "+"))
        redis.stop()
    found = [dict(zip(fields[::2], fields[1::2])) for _, fields in entries]
    expect([entry["id"] for entry in found], ids)
    expect(json.loads(found[20]["event"])["payload"], {"n": 2})
