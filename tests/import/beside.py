#!/usr/bin/env python3
"""The webhook program (Debian's) beside ours with the same hooks, imported with --exact: the same
requests run the same commands with the same arguments and variables, and are answered the same:
beside.py PROGRAM [SEED HOOKS].

Where both are known to differ nothing is asked: nulls, expressions over what is no string, the body
of an answer to an event that is not wanted, JSON with < > & in it.
"""
import json
import os
import pathlib
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.parse

import model
from peers import TO_COME
from served import Served

REQUESTS = 8  # for each hook
VALUES = [("payload", "a"), ("payload", "c.d"), ("payload", "l.1.x"), ("payload", "l"),
          ("header", "x-A"), ("url", "q"), ("request", "method"), ("string", "it's {{x}} $HOME"),
          ("entire-payload", "")]


def without_expressions(rule):
    """Of a random rule what both programs read in the same way."""
    (kind, inner), = rule.items()
    if kind == "match":
        if inner["type"] != "regex" or inner["parameter"]["source"] != "payload":
            return rule
        return {"match": {"type": "value", "value": "x", "parameter": inner["parameter"]}}
    if kind == "not":
        return {"not": without_expressions(inner)}
    return {kind: [without_expressions(one) for one in inner]}


def random_hook(chance, number):
    parameters = [{"source": source, "name": name} for source, name in VALUES]
    hook = {"id": f"h{number}", "execute-command": "@HELPER@",
            "pass-arguments-to-command": [{"source": "url", "name": "n"},
                                          *chance.sample(parameters, 3)],
            "pass-environment-to-command": [
                {"source": "string", "name": "v", "envname": "HOOK_" + chance.choice("xyz")}],
            "trigger-rule": without_expressions(model.random_rule(chance, 0))}
    if chance.random() < 0.5:
        hook["response-message"] = chance.choice(["done", "a\nb", "ünï \"x\""])
        hook["response-headers"] = [{"name": "X-Back", "value": "1"}]
    if chance.random() < 0.3:
        hook["success-http-response-code"] = chance.choice([200, 201, 204, 202])
    if chance.random() < 0.5:
        hook["trigger-rule-mismatch-http-response-code"] = chance.choice([400, 404, 200, 799])
    return hook


def request_of(chance, number):
    """(query, headers, body) of a random request, without what both read differently."""
    request = model.random_request(chance)
    payload = {name: "x" if value in (None, "<nil>") else value
               for name, value in sorted(request["payload"].items())}
    query = {**request["query"], "n": str(number)}
    headers = [(name, value.strip()) for name, value in request["header"].items()]
    return ("?" + urllib.parse.urlencode(query),
            [*headers, ("Content-Type", "application/json")],
            json.dumps(payload, separators=(",", ":")).encode(), request["method"])


class Webhook:
    """The other program with the hooks file of `served`, and a ledger of its own."""

    def __init__(self, served):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.directory = served.directory / "other"
        self.directory.mkdir()
        self.ledger_file = self.directory / "ledger"
        helper = served.helper.read_text().replace(str(served.ledger_file), str(self.ledger_file))
        (self.directory / "helper").write_text(helper)
        (self.directory / "helper").chmod(0o755)
        text = (served.directory / "hooks.json").read_text()
        file = self.directory / "hooks.json"
        file.write_text(text.replace(str(served.helper), str(self.directory / "helper")))
        self.process = subprocess.Popen(
            ["webhook", "-hooks", file, "-ip", "127.0.0.1", "-port", str(self.port)],
            cwd=self.directory, env={"PATH": os.environ["PATH"]}, stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + 10
        while time.monotonic() < deadline:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.02)
        raise AssertionError("webhook does not listen")

    ask, runs = Served.ask, Served.runs

    def stop(self):
        self.process.terminate()
        self.process.wait(10)


def in_order(runs):
    """{the number of the request: what its command got}"""
    return {run["argv"][0]: (run["argv"], run["env"]) for run in runs}


def compare(served, other, hooks, chance):
    """Asks both; yields what differs."""
    answers = []
    for number in range(len(hooks) * REQUESTS):
        hook = hooks[number // REQUESTS]
        query, headers, body, method = request_of(chance, number)
        path = f"/hooks/{hook['id']}{query}"
        answers.append((hook, [one.ask(method, path, headers, body) for one in (served, other)]))
    theirs = in_order(settled(other))
    ours = in_order(served.runs(len(theirs)))
    for number, (hook, (here, there)) in enumerate(answers):
        key = str(number)
        if ours.get(key) != theirs.get(key):
            yield f"{json.dumps(hook)}: ran {ours.get(key)}, there {theirs.get(key)}"
        elif here[0] in (403, 404) and key not in theirs:
            continue  # an address that may not call; a hook that never runs, and is left out
        elif here[0] != there[0] or (key in theirs and here[1] != there[1]):
            yield f"{json.dumps(hook)}: answered {here}, there {there}"


def settled(other):
    """What its commands got, when no more of them have ended for half a second."""
    before = -1
    while len(rows := other.runs(0)) != before:
        before = len(rows)
        time.sleep(0.5)
    return rows


def main():
    if not shutil.which("webhook"):
        print("skipped: webhook is not installed")
        return 77
    program = str(pathlib.Path(sys.argv[1]).resolve())
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    hooks = [random_hook(chance, number)
             for number in range(int(sys.argv[3]) if len(sys.argv) > 3 else 40)]
    with Served(program, hooks) as served:
        if served.to_come and served.to_come <= TO_COME:
            print("skipped: to come: " + ", ".join(sorted(served.to_come)))
            return 77
        served.start()
        other = Webhook(served)
        try:
            found = list(compare(served, other, hooks, chance))
        finally:
            other.stop()
    for one in found[:10]:
        print("not ok -", one)
    print(f"beside: {len(hooks) * REQUESTS - len(found)} passed, {len(found)} failed, 0 skipped")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
