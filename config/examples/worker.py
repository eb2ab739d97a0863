#!/usr/bin/env python3
"""A worker in Python: appends the payload of each event to a file.

    worker: [./worker.py, FILE]

It answers with ok once the line is in the file, wants an event again in half a minute if that did not
work, and gives up what can never work. What it writes to standard error stands in the server's log.
"""
import json
import sys


def handle(event):
    if "payload" not in event:
        raise ValueError("the event has no JSON")
    with open(sys.argv[1], "a", encoding="utf-8") as file:
        file.write(json.dumps(event["payload"]) + "\n")


for line in sys.stdin:
    event = json.loads(line)
    answer = {"id": event["id"]}
    try:
        handle(event)
        answer["ok"] = True
    except OSError as error:
        print(f"{event['id']}: {error}", file=sys.stderr, flush=True)
        answer["retry_after"] = 30
    except ValueError as error:
        answer["dead"] = str(error)
    print(json.dumps(answer), flush=True)  # without flush=True the answer stays in a buffer
