"""A value in what a verb prints of an event or a request moves no cursor, makes no line or column
of its own, and JSON stays JSON: events list, show and tail, and verify."""
import json
import subprocess

import hostile
from client import format_request
from harness import PROGRAM, Server, ensure, expect, route
from terminal import obeyed, on_terminal

JSON = {"Content-Type": "application/json"}
keys = {"auth": {"none": True}, "event": "payload.v", "delivery": "payload.v",
        "when": [{"value": "payload.v", "not_in": ["no"]}]}
actions = [{"shell": 'cat; printf %s "$V" >&2; exit 1', "env": {"V": "{{payload.v}}"}}]
with Server([route("run", actions=actions, **keys)]) as server, server.connect() as connection:
    def says(verb, *arguments):
        got = on_terminal(verb, *arguments, "-c", server.file)
        ensure(got and not obeyed(got), f"{verb} {arguments}: {got[:300]}")
        return got

    texts, events, lines = hostile.texts(server), [], set()
    tail = subprocess.Popen([PROGRAM, "events", "tail", "-c", server.file], stdout=subprocess.PIPE)
    for number, text in enumerate(texts):
        body = json.dumps({"v": text}, ensure_ascii=False).encode()
        events.append(connection.request("POST", "/run", body, JSON).json()["id"])
        request = server.write("request", format_request("POST", "/run", body, JSON).decode())
        if 0 < len(text) <= 256:
            lines.add(len(says("verify", "--request", request).splitlines()))
        if number % 8 == 0:
            said = server.tool("verify", "--request", request, "--json").stdout
            expect(json.loads(said)["event"], text if 0 < len(text) <= 256 else "")
            json.loads(server.tool("events", "show", events[-1], "--json").stdout)
            says("events", "show", events[-1])
    server.wait_settled()
    expect(len(lines), 1, "how many lines verify has")
    expect(len(says("events", "list", "--limit", "99").splitlines()), len(texts) + 1, "of the list")
    rows = server.tool("events", "list", "--json", "--limit", "99").stdout.splitlines()
    ensure({json.loads(row)["id"] for row in rows} == set(events), "rows of the list as JSON")
    tail.terminate()
    ensure(not obeyed(tail.communicate()[0]), "tail")
