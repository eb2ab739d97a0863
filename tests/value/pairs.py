#!/usr/bin/env python3
"""Random pairs of a route and a request: model.py beside `verify` and the built server.

    pairs.py TENTERHOOK RECORDER [--pairs 1000] [--seed N] [--keep]

Each route has conditions, actions with arguments and variables, `choose` and an answer, all made of
random references. One file has up to 1,000 of them. `verify` says what it makes of each request;
the server is sent all of them, and its commands write down what they were given; at last `verify`
tries the file on the events that the server has stored, of which none may be different.
"""
import argparse
import collections
import http.client
import json
import os
import random
import re
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import threading
import time

import model

FILE_PAIRS = 1000  # in one file
CLIENTS = 4
FORM = "application/x-www-form-urlencoded"
TYPES = {"json": "application/json", "field": FORM, "form": FORM + "; charset=utf-8",
         "text": "text/plain"}
MULTIPART = "multipart/form-data; boundary=\"-- a\""
MORE = ["route.name", "client.address", "request.host", "event.type", "event.id",
        "form.a", 'form["a b"]', "form.q", "header.host", 'header["content-type"]']


# ---- the model, from docs/values.md and docs/actions.md ----

def choose(pair):
    """(status, the numbers of the actions that the event has)."""
    event, route = pair["event"], pair["route"]
    if route["event"] and model.resolve(event, ("query", "q")).repeated:
        return 422, []
    if route["when"] and not model.holds(event, route["when"]):
        return 200, []
    chosen, has_choice = [], False
    for number, action in enumerate(route["actions"]):
        event["known"]["action.name"] = action["name"]
        if not (action["choice"] and has_choice) and wants(event, action):
            chosen.append(number)
            has_choice |= action["choice"]
    return (202 if chosen else 200), chosen


def wants(event, action):
    return action["when"] is None or model.holds(event, action["when"])


def is_option(template, text):
    parts = model.parse_template(template)
    return bool(parts) and not isinstance(parts[0], str) and text.startswith("-") and \
        not (len(parts) == 1 and text == parts[0]["default"])


def given(event, action):
    """([arguments], [variables], directory), or None where one of them cannot be given."""
    event["known"]["action.name"] = action["name"]
    made = [model.render(event, model.parse_template(text))
            for text in action["arguments"] + action["env"]]
    count = len(action["arguments"])
    if any(outcome != model.DONE for outcome, _ in made) or \
            any(is_option(template, text)
                for template, (_, text) in zip(action["arguments"], made)):
        return None
    texts = [text for _, text in made]
    directory = event["path"].split("/")[2] if action["inside"] else ""
    return texts[:count], texts[count:], directory


def expected(pair):
    """(status, {number: what the action is given}, the body of the answer or None)."""
    event, route = pair["event"], pair["route"]
    status, chosen = choose(pair)
    gifts = {number: given(event, route["actions"][number]) for number in chosen}
    body = None
    if status == 202 and None in gifts.values():
        status = 422
    if route["respond"] is not None and status < 300:
        event["known"]["action.name"] = None
        parts = model.parse_template(route["respond"])
        is_plain = all(isinstance(part, str) for part in parts)
        outcome, body = model.render(event, parts) if status == 202 or is_plain \
            else (model.DONE, None)  # what is ignored has no words that depend on the event
        status = 201 if outcome == model.DONE else 422
    return status, gifts, body if status == 201 else None


# ---- random pairs ----

def known_names(template):
    """Whether the route has what the template names: else it is an error at load."""
    references = [part["reference"] for part in model.parse_template(template)
                  if not isinstance(part, str)]
    return all(root != "path" or name in ("one", "two") for root, name in references) \
        and not any(root == "header" and name in ("authorization", "cookie")
                    for root, name in references)


def make_template(rng, event, more):
    while True:
        text = model.make_template(rng, event)
        options = [f'{{{{query["{key}"]}}}}' for key, value in event["parameters"]
                   if value == "-rf"]
        if options and rng.random() < 0.3:
            text = rng.choice(options) + rng.choice(["", "x"])
        elif rng.random() < 0.2:
            text = rng.choice(["", "-", "x "]) + "{{" + rng.choice(more) + \
                rng.choice([" | default -v", " | default"]) + "}}"
        try:
            if known_names(text):
                return text
        except model.Fault:
            pass


def make_conditions(rng, event):
    return [model.make_condition(rng, event) for _ in range(rng.choice([1, 1, 2]))]


def make_action(rng, event, name, choice):
    more = MORE + ["action.name", "event.attempt"]
    return {"name": name, "choice": choice, "inside": rng.random() < 0.3,
            "when": make_conditions(rng, event) if choice or rng.random() < 0.5 else None,
            "arguments": [make_template(rng, event, more) for _ in range(rng.choice([1, 2]))],
            "env": [make_template(rng, event, more) for _ in range(rng.choice([0, 1]))]}


def make_route(rng, number, event):
    actions = [make_action(rng, event, f"a{i}", False) for i in range(rng.choice([0, 1, 2]))]
    choices = [make_action(rng, event, f"c{i}", True)
               for i in range(rng.choice([0, 2, 3]) if actions else 2)]
    if choices and rng.random() < 0.7:
        choices[-1]["when"] = None
    return {"name": f"r{number}", "actions": actions + choices, "kind": event["kind"],
            "event": rng.random() < 0.2,
            "when": make_conditions(rng, event) if rng.random() < 0.3 else None,
            "respond": make_template(rng, event, MORE) if rng.random() < 0.3 else None}


def make_pair(rng, number):
    event = model.make_event(rng)
    event["kind"] = kind = rng.choice(["json", "json", "field", "form", "text"])
    event["fields"] = []
    if kind in ("form", "text") or not event["tree"]:
        event["tree"] = None
        event["kind"] = kind = "form" if kind == "field" else "text" if kind == "json" else kind
    if kind in ("form", "field"):
        event["fields"] = [(rng.choice(["a", "a b", "q", "ä"]), rng.choice(model.STRINGS))
                           for _ in range(rng.choice([0, 1, 2, 3]))]
    event["multipart"] = kind in ("form", "field") and rng.random() < 0.4
    _, _, one, two = event["path"].split("/")
    event["path"] = f"/{number}/{'x' if one == '..' else one}/{two}"
    event["headers"] += [("Host", "hooks.example.org"),
                         ("Content-Type", MULTIPART if event["multipart"] else TYPES[kind])]
    event["known"] = {"route.name": f"r{number}", "client.address": "127.0.0.1",
                      "request.host": "hooks.example.org",
                      "event.id": "00000000-0000-0000-0000-000000000000"}
    route = make_route(rng, number, event)
    types = [value for key, value in event["parameters"] if key == "q"]
    if route["event"] and len(types) == 1 and types[0]:
        event["known"]["event.type"] = types[0]
    return {"event": event, "route": route}


# ---- as they are written ----

def quote(text):
    return json.dumps(text, ensure_ascii=False)


def write_action(action, recorder, out):
    command = ", ".join(map(quote, [recorder, out, *action["arguments"]]))
    env = ", ".join(f"V{i}: {quote(text)}" for i, text in enumerate(action["env"]))
    directory = out + ("/{{path.one}}" if action["inside"] else "")
    when = f", when: {model.write_condition(action['when'])}" if action["when"] else \
        ", else: true" if action["choice"] else ""
    return f"{{name: {action['name']}, command: [{command}], env: {{{env}}}, stdin: none, " \
        f"cwd: {quote(directory)}{when}}}"


def write_route(route, recorder, out):
    lines = [f"- name: {route['name']}", f"  path: \"/{route['name'][1:]}/{{one}}/{{two}}\"",
             "  auth: {none: true}", "  json: {repeated: last}", "  content: auto"]
    lines += ["  json_field: payload"] * (route["kind"] == "field")
    lines += ["  event: query.q"] * route["event"]
    if route["when"]:
        lines.append(f"  when: {model.write_condition(route['when'])}")
    if route["respond"] is not None:
        lines.append(f"  respond: {{status: 201, body: {quote(route['respond'])}}}")
    for key, choice in (("actions", False), ("choose", True)):
        listed = [write_action(action, recorder, out) for action in route["actions"]
                  if action["choice"] == choice]
        lines += [f"  {key}:"] * bool(listed) + [f"  - {one}" for one in listed]
    return "\n".join(lines) + "\n"


def escape(text):
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"%{byte:02X}"
                   for byte in text.encode())


def write_parts(fields):
    """The same fields as multipart/form-data, between them a file that is no value."""
    parts = [f'name="{name}"\r\n\r\n{value}' for name, value in fields]
    parts.insert(len(parts) // 2, 'name=a; filename="a"\r\nContent-Type: image/png\r\n\r\nfile')
    return "".join(f"---- a\r\nContent-Disposition: form-data; {part}\r\n"
                   for part in parts) + "---- a--"


def write_request(event):
    fields = list(event["fields"])
    if event["kind"] == "field":
        fields.insert(len(fields) // 2, ("payload", event["tree"].sent))
    if event["multipart"]:
        body = write_parts(fields)
    elif event["kind"] in ("form", "field"):
        body = "&".join(f"{escape(name)}={escape(value)}" for name, value in fields)
    else:
        body = event["tree"].sent if event["tree"] else "no JSON"
    query = "&".join(f"{model.escape(key)}={model.escape(value)}"
                     for key, value in event["parameters"])
    path = "/".join(map(escape, event["path"].split("/")))
    head = [f"POST {path}?{query} HTTP/1.1"] + [f"{name}: {value}" for name, value
                                               in event["headers"]]
    sent = body.encode()
    return "\r\n".join(head + [f"Content-Length: {len(sent)}", "", ""]).encode() + sent


# ---- verify ----

def differs(pair, got):
    """What `verify --json` says of the pair, beside the model; "" where they agree."""
    status, gifts, body = expected(pair)
    said = [got["status"], got.get("answer", {}).get("body")]
    if said != [status, body]:
        return f"status and answer {said}, model {[status, body]}"
    for number, action in enumerate(got.get("actions", [])):
        gift = gifts.get(number)
        if action["runs"] != (number in gifts):
            return f"action {number} runs: {action['runs']}"
        if action["runs"] and ("cannot_run" in action) != (gift is None):
            return f"action {number}: {action}, model {gift}"
        if gift and (action["arguments"][2:], list(action.get("env", {}).values())) != gift[:2]:
            return f"action {number}: {action}, model {gift}"
        if gift and gift[2] != os.path.relpath(action["cwd"], pair["out"]).lstrip("."):
            return f"action {number}: {action['cwd']}, model {gift[2]}"
    if len(got.get("actions", [])) not in (0, len(pair["route"]["actions"])) or \
            (gifts and not got.get("actions")):
        return "actions are missing"
    return ""


def ask_verify(program, pairs, directory):
    files = []
    for number, pair in enumerate(pairs):
        files += ["--request", f"q{number}"]
        with open(os.path.join(directory, f"q{number}"), "wb") as file:
            file.write(pair["request"])
    done = subprocess.run([program, "verify", "-c", "pairs.yaml", "--json", *files], cwd=directory,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False)
    if done.returncode > 1:
        sys.exit(done.stderr.decode()[-4000:])
    answers = done.stdout.decode().splitlines()
    return [differs(pair, json.loads(line)) for pair, line in zip(pairs, answers, strict=True)]


# ---- the server ----

class Server:
    def __init__(self, program, directory):
        with open(os.path.join(directory, "log"), "wb") as log:
            self.process = subprocess.Popen(
                [program, "serve", "-c", "pairs.yaml"], cwd=directory, stdout=subprocess.PIPE,
                stderr=log)
        line = self.process.stdout.readline().decode()
        found = re.search(r"http://127.0.0.1:(\d+)", line)
        if not found:
            sys.exit(f"the server does not listen: {line}")
        self.port = int(found[1])

    def send_all(self, pairs):
        todo, lock = collections.deque(pairs), threading.Lock()

        def client():
            connection = None
            while True:
                with lock:
                    pair = todo.popleft() if todo else None
                if pair is None:
                    break
                connection = connection or socket.create_connection(("127.0.0.1", self.port))
                connection.sendall(pair["request"])
                answer = http.client.HTTPResponse(connection, method="POST")
                answer.begin()
                pair["answer"] = answer.status, answer.read().decode()
                if answer.getheader("Connection") == "close":
                    connection.close()
                    connection = None
        threads = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(120)


def wait_settled(journal, seconds=300):
    deadline = time.monotonic() + seconds
    query = "SELECT count(*) FROM delivery WHERE state IN ('pending', 'running')"
    while journal.execute(query).fetchone()[0]:
        if time.monotonic() > deadline:
            sys.exit("deliveries that do not end")
        time.sleep(0.05)


def recorded(out, event, action):
    try:
        with open(f"{out}/{event}.{action}", "rb") as file:
            return file.read().decode("utf-8", "surrogateescape").split("\0")[:-1]
    except FileNotFoundError:
        return None


def compare_server(pair, events):
    """The server's answer and what its commands were given, beside the model."""
    number = pair["route"]["name"]
    event = events.get(number)
    if event:
        pair["event"]["known"]["event.id"] = event
    status, gifts, body = expected(pair)
    got = pair["answer"]
    if got[0] != status or (body is not None and got[1] != body):
        return f"answer {got}, model {status} {body!r}"
    if bool(event) != (status < 300 and bool(gifts)):
        return f"stored as {event} with {status}"
    for place, action in enumerate(pair["route"]["actions"] if event else []):
        wanted, gift = None, gifts.get(place)
        if gift:
            wanted = [os.path.join(pair["out"], gift[2]).rstrip("/"), *gift[0], *gift[1]]
        written = recorded(pair["out"], event, action["name"])
        if written != wanted:
            return f"action {action['name']}: {written}, model {wanted}"
    return ""


def ask_server(program, pairs, directory):
    server = Server(program, directory)
    try:
        server.send_all(pairs)
        journal = sqlite3.connect(f"file:{directory}/state/journal.db?mode=ro", uri=True)
        wait_settled(journal)
        events = dict(journal.execute("SELECT route, id FROM event"))
        journal.close()
    finally:
        left = server.stop()
    if left != 0:
        sys.exit(f"the server left with {left}")
    return [compare_server(pair, events) for pair in pairs], len(events)


def ask_journal(program, directory, stored):
    """The same file, on what the server has stored by it."""
    done = subprocess.run([program, "verify", "-c", "pairs.yaml", "--json", "--since", "1d"],
                          cwd=directory, stdout=subprocess.PIPE, check=False)
    *different, summary = done.stdout.decode().splitlines()
    wanted = {"events": stored, "different": 0, "not_tried": 0}
    return different if json.loads(summary) == wanted else [*different, summary]


# ---- all of it ----

def make_directory(pairs, recorder):
    directory = tempfile.mkdtemp(prefix="tenterhook-pairs-")
    out, state = (os.path.join(directory, name) for name in ("out", "state"))
    os.chmod(directory, 0o755)
    for path in (out, state, out + "/x", out + "/ä"):
        os.mkdir(path)
        os.chmod(path, 0o777)
    text = 'version: 1\nserver: {listen: {address: "127.0.0.1:0", tls: off}, listeners: 1' + \
        (", user: nobody" if os.geteuid() == 0 else "") + \
        f'}}\njournal: {{path: {state}/journal.db, min_free: 1MiB}}\nlog: {{level: warning}}\n' \
        'routes:\n' + "".join(write_route(pair["route"], recorder, out) for pair in pairs)
    with open(os.path.join(directory, "pairs.yaml"), "w", encoding="utf-8") as file:
        file.write(text)
    for pair in pairs:
        pair["out"], pair["request"] = out, write_request(pair["event"])
    return directory


def run_file(options, rng, count, statuses):
    pairs = [make_pair(rng, number) for number in range(count)]
    directory = make_directory(pairs, os.path.abspath(options.recorder))
    program, wrong = os.path.abspath(options.tenterhook), 0
    said = ask_verify(program, pairs, directory)
    done, stored = ask_server(program, pairs, directory)
    for pair, by_verify, by_server in zip(pairs, said, done, strict=True):
        statuses[pair["answer"][0]] += 1
        if by_verify or by_server:
            wrong += 1
            print(pair["request"].decode(), write_route(pair["route"], "R", "O"), sep="\n")
            print(f"verify: {by_verify}\nserver: {by_server}\n")
    for line in ask_journal(program, directory, stored):
        wrong += 1
        print("of the journal:", line)
    if options.keep or wrong:
        print("kept:", directory)
    else:
        shutil.rmtree(directory)
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("tenterhook")
    parser.add_argument("recorder")
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true")
    options = parser.parse_args()
    rng, wrong, statuses = random.Random(options.seed), 0, collections.Counter()
    for start in range(0, options.pairs, FILE_PAIRS):
        wrong += run_file(options, rng, min(FILE_PAIRS, options.pairs - start), statuses)
    print(f"{options.pairs} pairs of a route and a request, by verify and by the server "
          f"({dict(sorted(statuses.items()))}): {wrong} differ")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
