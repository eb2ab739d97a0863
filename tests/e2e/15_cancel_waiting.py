"""A newer event that cancels runs at once, also where the one before waits to be tried again."""
import json

from harness import Server, expect, route, script, wait_until
from senders import github_headers

RUN = 'echo "$NUMBER" >>"$OUT/began"; [ "$NUMBER" = 1 ] || exit 75'
VALUES = {"OUT": "@OUT@", "NUMBER": "{{payload.number}}"}
NEWEST = {"max": 1, "when_full": "cancel_running"}


def send(path, number):
    body = json.dumps({"key": "k", "number": number}).encode()
    expect(server.post(path, body, github_headers(body)).status, 202)


def check(path):
    send(path, 0)
    wait_until(lambda: server.count("delivery", "state = 'pending' AND attempt = 1") == 1,
               "the first to wait for an hour")
    send(path, 1)
    wait_until(lambda: server.count("delivery", "state = 'done'") == 1, "the second to be done")
    expect(server.count("delivery", "state = 'superseded'"), 1)


ACTION = {**script(RUN, stdin="none"), "env": VALUES, "retry": {"backoff": "1h"}}
for limit in (NEWEST, {**NEWEST, "per": "payload.key"}):
    with Server([route(concurrency=limit, actions=[ACTION])]) as server:
        check("/hook")
