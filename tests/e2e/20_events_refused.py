"""Options of `events` that mean nothing are refused, each with what would be right."""
from harness import Server, ensure, expect, ledger, route

with Server([route("deploy", actions=[ledger()])]) as server:
    event = server.post("/deploy", b"{}").json()["id"]
    for status, said, words in (
            (1, "there is no route deplyo, did you mean deploy?", ["list", "--route", "deplyo"]),
            (1, "there is no route deplyo, did you mean deploy?", ["tail", "--route", "deplyo"]),
            (2, "done, dead or superseded", ["list", "--state", "lost"]),
            (2, "a day (2026-11-30)", ["list", "--since", "soon"]),
            (2, "--until needs a duration", ["export", "--until", "2026-02-30"]),
            (2, "--text needs a text", ["list", "--text", ""]),
            (2, "--limit needs a number from 1", ["list", "--limit", "0"]),
            (2, "--before needs the id of an event", ["list", "--before", "the last"]),
            (2, '--where:1:9: error: "value": "a" is', ["list", "--where", "{value: a}"]),
            (2, "a schema cannot be asked for here", ["list", "--where", "{schema: {}}"]),
            (2, "--where:1:1: error", ["list", "--where", "[]"]),
            (1, "there is no event 019", ["show", "019-"]), (2, "needs ID", ["show"]),
            (2, '--route is not for "events show"', ["show", event, "--route", "deploy"]),
            (2, "takes options only", ["list", event]),
            (2, '--after is not for "events tail"', ["tail", "--after", event]),
            (2, "options that choose", ["tail", "--follow", event, "--route", "deploy"]),
            (2, "options that choose", ["tail", "--follow", event, "--limit", "3"]),
            (2, 'did you mean "events list"?', ["lists"])):
        wrong = server.tool("events", *words)
        expect(wrong.returncode, status, f"{words}: {wrong.stderr}")
        ensure(said in wrong.stderr and not wrong.stdout, f"{words}: {wrong.stderr}")
