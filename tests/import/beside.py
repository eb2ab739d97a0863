#!/usr/bin/env python3
"""The webhook program (Debian's) beside ours with the same hooks, imported with --exact: the same
requests run the same commands with the same arguments and variables, and are answered the same:
beside.py PROGRAM [SEED HOOKS].

Where both are known to differ nothing is asked: nulls, expressions over what is no string, JSON
with < > & in it, forms where a hook reads what only JSON has, standard error.
"""
import hashlib
import hmac
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
FLAGS = ["-header", "X-All=flag"]
KEY = "signing key of a sender"
SEEN = ("Content-Type", "X-All", "X-Back")
FLAT = [("payload", "a"), ("payload", "b"), ("header", "x-A"), ("url", "q"), ("request", "method")]
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


def flattened(rule):
    """The rule with names that a form can have."""
    (kind, inner), = rule.items()
    if kind == "not":
        return {"not": flattened(inner)}
    if kind != "match":
        return {kind: [flattened(one) for one in inner]}
    if inner.get("parameter", {}).get("source") != "payload":
        return rule
    return {"match": {**inner, "parameter": {"source": "payload",
                                             "name": inner["parameter"]["name"][0].replace("c", "b")
                                             .replace("l", "b")}}}


def random_answer(chance):
    """The keys of a hook that say what is answered."""
    answer = {}
    if chance.random() < 0.5:
        answer["response-message"] = chance.choice(["done", "a\nb", "ünï \"x\""])
        answer["response-headers"] = [{"name": "X-Back", "value": "1"}]
    if chance.random() < 0.3:
        answer["success-http-response-code"] = chance.choice([200, 201, 204, 202])
    if chance.random() < 0.5:
        status = chance.choice([400, 404, 200, 204, 799])
        answer["trigger-rule-mismatch-http-response-code"] = status
    if chance.random() < 0.4:
        answer["include-command-output-in-response"] = True
        answer["include-command-output-in-response-on-error"] = chance.random() < 0.5
    return answer


def random_hook(chance, number):
    is_flat, is_signed = chance.random() < 0.4, chance.random() < 0.2
    parameters = [{"source": source, "name": name}
                  for source, name in (FLAT if is_flat else VALUES)]
    rule = without_expressions(model.random_rule(chance, 0))
    rule = flattened(rule) if is_flat else rule
    if is_signed:
        rule = {"and": [{"match": {"type": "scalr-signature", "secret": KEY}}, rule]}
    return {"id": f"h{number}", "execute-command": "@HELPER@" + chance.choice([""] * 9 + ["-gone"]),
            "pass-arguments-to-command": [{"source": "url", "name": "n"},
                                          *chance.sample(parameters, 3)],
            "pass-environment-to-command": [
                {"source": "url", "name": "exit"},
                {"source": "string", "name": "v", "envname": "HOOK_" + chance.choice("xyz")}],
            "trigger-rule": rule, **random_answer(chance)}


def takes_forms(hook):
    text = json.dumps(hook)
    return not any(f'"name": "{name}"' in text for name in ("c.d", "l", "l.0", "l.1.x")) \
        and "entire-payload" not in text


def signed(headers, body):
    """With the signature of Scalr."""
    date = time.strftime("%a %d %b %Y %H:%M:%S UTC", time.gmtime())
    digest = hmac.new(KEY.encode(), body + date.encode(), hashlib.sha1).hexdigest()
    return [*headers, ("Date", date), ("X-Signature", digest)]


def request_of(chance, number, hook):
    """(query, headers, body, method) of a random request, without what both read differently. No
    two are the same: what is signed, with its time, counts once here."""
    request = model.random_request(chance)
    payload = {name: "x" if value in (None, "<nil>") else value
               for name, value in sorted({**request["payload"], "n": number}.items())}
    query = {**request["query"], "n": str(number), "exit": chance.choice("0003")}
    headers = [(name, value.strip()) for name, value in request["header"].items()]
    kind, body = "application/json", json.dumps(payload, separators=(",", ":")).encode()
    if request["form"] is not None and takes_forms(hook):
        kind = "application/x-www-form-urlencoded"
        body = urllib.parse.urlencode({**request["form"], "n": number}).encode()
    headers.append(("Content-Type", kind))
    if "scalr-signature" in json.dumps(hook):
        headers = signed(headers, body)
    return "?" + urllib.parse.urlencode(query), headers, body, request["method"]


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
            ["webhook", "-hooks", file, "-ip", "127.0.0.1", "-port", str(self.port), *FLAGS],
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
        query, headers, body, method = request_of(chance, number, hook)
        path = f"/hooks/{hook['id']}{query}"
        answers.append((hook, [one.ask(method, path, headers, body, SEEN)
                               for one in (served, other)]))
    theirs = in_order(settled(other))
    ours = in_order(served.runs(len(theirs)))
    for number, (hook, (here, there)) in enumerate(answers):
        key = str(number)
        if ours.get(key) != theirs.get(key):
            yield f"{json.dumps(hook)}: ran {ours.get(key)}, there {theirs.get(key)}"
        elif here != there and not is_known(here, there, key in theirs):
            yield f"{json.dumps(hook)}: answered {here}, there {there}"


def is_known(here, there, has_run):
    """An address that may not call; a hook that never runs, and is left out."""
    return not has_run and there[1] in ("Hook rules were not satisfied.", "") and (
        here[0] == 403 or (here[0] == 404 and here[1].startswith('{"error":"not_found"')))


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
             for number in range(int(sys.argv[3]) if len(sys.argv) > 3 else 60)]
    with Served(program, hooks, FLAGS) as served:
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
