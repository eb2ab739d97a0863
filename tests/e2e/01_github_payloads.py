"""GitHub's 329 payloads, signed, each run a command on the exact bytes and go to the pipe."""
import json
import os
from collections import Counter

from harness import SOURCE, Server, ensure, expect, route, script, skip
from pipes import Reader
from senders import github_headers

INDEX = "tests/e2e/payloads/node_modules/@octokit/webhooks-examples/api.github.com/index.json"
if not os.path.exists(os.path.join(SOURCE, INDEX)):
    skip("@octokit/webhooks-examples is not installed (npm ci in tests/e2e/payloads)")
with open(os.path.join(SOURCE, INDEX), encoding="utf-8") as file:
    events = [(event["name"], json.dumps(example, ensure_ascii=False).encode())
              for event in json.load(file) for example in event["examples"]]
expect(len(events), 329, "examples in the package")

save = script('cat >"$OUT/$TENTERHOOK_DELIVERY.body"; echo "$TENTERHOOK_DELIVERY" >>"$OUT/ledger"')
fifo = {"pipe": "@OUT@/events.fifo"}
with Server([route(actions=[save, fifo])], server={"listeners": 1}) as server:
    reader = Reader(server.fifo("events.fifo"))
    ids = {}
    with server.connect() as connection:
        for number, (name, body) in enumerate(events):
            delivery = f"example-{number}"
            headers = github_headers(body, event=name, delivery=delivery)
            answer = connection.request("POST", "/hook", body, headers)
            expect(answer.status, 202, name)
            ids[delivery] = answer.json()["id"]
    server.wait_settled(60)
    ran = Counter(server.ledger())
    expect(ran, Counter(ids.keys()), "runs of the command")
    for number, (name, body) in enumerate(events):
        ensure(server.read(f"example-{number}.body") == body,
               f"the bytes of example {number}, {name}")
    reader.wait_lines(329)
    lines = [json.loads(line) for line in reader.lines()]
    expect({line["id"] for line in lines}, set(ids.values()), "ids in the pipe")
    expect(len(lines), 329, "lines in the pipe")
print(f"{len(events)} payloads: {len(ran)} commands with the exact bytes, {len(lines)} lines")
