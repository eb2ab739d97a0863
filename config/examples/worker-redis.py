#!/usr/bin/env python3
"""A worker that puts each event into a stream of Redis (Debian: python3-redis).

    worker: [./worker-redis.py]
    env: {REDIS_URL: "redis://localhost:6379/0", STREAM: events}

An event is an entry of the stream with its id, route, type and envelope. It may come twice: readers remember the id.
"""
import json
import os
import sys

import redis

client = redis.Redis.from_url(os.environ.get("REDIS_URL", "redis://localhost:6379/0"),
                              socket_timeout=10)
stream = os.environ.get("STREAM", "events")

for line in sys.stdin:
    event = json.loads(line)
    answer = {"id": event["id"]}
    try:
        client.xadd(stream, {"id": event["id"], "route": event["route"], "type": event["event"],
                             "event": line.rstrip("\n")}, maxlen=1000000, approximate=True)
        answer["ok"] = True
    except redis.ResponseError as error:  # such as a key of another kind
        answer["dead"] = str(error)
    except redis.RedisError as error:
        print(f"{event['id']}: {error}", file=sys.stderr, flush=True)
        answer["retry_after"] = 5
    print(json.dumps(answer), flush=True)
