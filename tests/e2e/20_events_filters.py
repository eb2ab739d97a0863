"""Every filter of `events list` chooses what it says, alone and with others."""
import json
from datetime import datetime, timedelta, timezone

from harness import Server, expect, route, script, wait_until

note, when = script("true", name="note"), "{value: payload.n, greater: 1}"
kinds = {"auth": {"none": True}, "event": ["payload.type", "form.type"]}
with Server([route("deploy", actions=[script("exit 1", name="build"), note], **kinds),
             route("chat", actions=[note], content="auto", **kinds),
             route("pipe", actions=[{"pipe": "@OUT@/fifo", "create": "0600"}], **kinds)]) as server:
    def send(path, body, kind="application/json"):
        return server.request("POST", path, body, {"Content-Type": kind}).json()["id"]

    def listed(*words):
        lines = server.tool("events", "list", "--json", *words).stdout.splitlines()
        return "".join(names[json.loads(line)["id"]] for line in lines)

    ids = [send("/deploy", b'{"type": "push", "ref": "main", "n": 1}'),
           send("/chat", b'{"type": "pull.opened", "n": 2, "who": {"name": "Ada"}}'),
           send("/chat", b"type=pull.closed&n=3", "application/x-www-form-urlencoded"),
           send("/pipe", b'{"type": "push", "ref": "try", "n": 4}')]
    names, hour = dict(zip(ids, "abcd")), timedelta(hours=1)
    wait_until(lambda: server.count("delivery", "state IN ('done', 'dead')") == 4, "commands")
    before = (datetime.now(timezone.utc) - hour).strftime("%FT%H:%MZ")
    for words, wanted in (
            ("", "dcba"), ("--route chat", "cb"), ("--type push", "da"), ("--type pull.*", "cb"),
            ("--type pus?", ""), ("--state dead", "a"), ("--state running", "d"),
            ("--state superseded", ""), ("--action note", "cba"), ("--since 1h", "dcba"),
            ("--action note --state dead", ""), ("--until 1h", ""), (f"--since {before}", "dcba"),
            (f"--until {before[:10]}", ""), (f"--limit 2 --after {ids[0]}", "bc"),
            ("--text ada", ""), ('--text "Ada"', "b"), ("--limit 2", "dc"), ("--text &n=3", "c"),
            (f"--before {ids[2]}", "ba"), ("--route chat --text Ada", "b")):
        expect(listed(*words.split()), wanted, words)
    expect(listed("--where", when), "db")
    expect(listed("--where", when, "--limit", "1", "--type", "pull.*"), "b")
    expect(listed("--where", '[{value: form.n, equals: "3"}]'), "c")
