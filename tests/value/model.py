#!/usr/bin/env python3
"""References, templates and conditions a second time, from docs/values.md, beside the real ones.

    model.py DRIVER [--pairs 1000] [--seed N]

makes random events, with random references, templates and conditions about them, and asks both. The
driver answers as for a request and as for what is stored of one; all three must agree.
"""
import argparse
import json
import random
import re
import subprocess
import sys
from decimal import Decimal

MISSING, NULL, BOOLEAN, NUMBER, STRING, ARRAY, OBJECT = range(7)
DONE, NO_VALUE, IS_NULL, REPEATED, NUL, TOO_LONG = range(6)
HOLDS, FAILS = 0, 1
TEXT_LIMIT = 4096
JSON_STRING = r'"(?:[^"\\\x00-\x1f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"'
NAME = r"[A-Za-z0-9_\-$@:]+"
STEP = re.compile(rf"\.({NAME})|\[(0|[1-9]\d{{0,8}})\]|\[-([1-9]\d{{0,8}})\]|(\[\*\])"
                  rf"|\[({JSON_STRING})\]", re.A)
NAMED = re.compile(rf"\.({NAME[:-2]}.]+)|\[({JSON_STRING})\]", re.A)
WORDS = ["event.id", "event.type", "event.delivery", "event.received", "event.attempt",
         "client.address", "request.method", "request.path", "request.host", "route.name",
         "action.name"]


class Fault(Exception):
    pass


class Value:
    """A value of the payload: `sent` is its text there, `text` what a template says."""

    def __init__(self, kind, inner=None, sent="", text="", repeated=False):
        self.kind, self.inner, self.sent, self.text = kind, inner, sent, text
        self.repeated = repeated


NOTHING = Value(MISSING)


def string(text):
    return Value(STRING, sent=text, text=text)


# ---- the model ----

def unquote(quoted):
    text = json.loads(quoted)
    if any(0xD800 <= ord(c) < 0xE000 for c in text) or "\0" in text:
        raise Fault(quoted)
    return text


def parse_reference(text):
    text = text.strip(" \t")
    if len(text.encode()) > 1024:
        raise Fault(text)
    if text in WORDS:
        return text, []
    root = re.match(r"payload|header|query|path|form", text)
    rest = text[root.end():] if root else ""
    if not root or (root[0] != "payload") and not NAMED.fullmatch(rest):
        raise Fault(text)
    if root[0] != "payload":
        plain, quoted = NAMED.fullmatch(rest).groups()
        name = plain or unquote(quoted)
        if root[0] == "header" and not re.fullmatch(r"[A-Za-z0-9!#$%&'*+\-.^_`|~]+", name):
            raise Fault(text)
        return root[0], name.lower() if root[0] == "header" else name
    steps, at = [], 0
    while at < len(rest):
        step = STEP.match(rest, at)
        if not step or len(steps) == 16:
            raise Fault(text)
        plain, index, from_end, each, quoted = step.groups()
        steps.append(plain if plain else unquote(quoted) if quoted else "*" if each
                     else int(index) if index else -int(from_end))
        if quoted or plain:
            steps[-1] = (steps[-1],)
        at = step.end()
    return "payload", steps


def walk(value, steps):
    """All values that a path leads to; an element of [*] that it leads nowhere from is missing."""
    for i, step in enumerate(steps):
        if step == "*":
            if value.kind != ARRAY or not value.inner:
                return [NOTHING]
            return [found for element in value.inner for found in walk(element, steps[i + 1:])]
        if isinstance(step, tuple):
            found = [member for name, member in value.inner if name == step[0]] \
                if value.kind == OBJECT else []
            if not found:
                return [NOTHING]
            value = found[-1]
        elif value.kind != ARRAY or not -len(value.inner) <= step < len(value.inner):
            return [NOTHING]
        else:
            value = value.inner[step]
    return [value]


def find(event, reference):
    root, name = reference
    if root == "payload":
        return walk(event["tree"], name) if event["tree"] else [NOTHING]
    if root == "header":
        values = [value for key, value in event["headers"] if key.lower() == name]
        return [string(", ".join(values)) if values else NOTHING]
    if root in ("query", "form"):
        values = [value for key, value in event["parameters" if root == "query" else "fields"]
                  if key == name]
        return [string(values[0]) if len(values) == 1 else Value(MISSING, repeated=len(values) > 1)]
    if root == "path" and name in ("one", "two"):
        return [string(event["path"].split("/")[2 + (name == "two")])]
    known = {"request.method": "POST", "request.path": event["path"], "event.attempt": "1",
             **event.get("known", {})}
    return [string(known[root]) if known.get(root) else NOTHING]


def resolve(event, reference):
    values = find(event, reference)
    return next((value for value in values if value.kind != MISSING), values[0])


def find_end(text, at):
    """The bar or the braces that end a piece, outside of quoted strings."""
    while at < len(text) and text[at] != "|" and text[at:at + 2] != "}}":
        quoted = re.compile(r'"(?:[^"\\]|\\.)*"?', re.S).match(text, at)
        at = quoted.end() if quoted else at + 1
    if at >= len(text):
        raise Fault(text)
    return at


def parse_template(text):
    parts, at = [], 0
    while at < len(text):
        start = text.find("{{", at)
        if start != at:
            parts.append(text[at:start if start > 0 else len(text)])
            at = start if start > 0 else len(text)
            continue
        end = find_end(text, at + 2)
        part = {"reference": parse_reference(text[at + 2:end]), "default": None, "json": False}
        while text[end] == "|":
            start, end = end + 1, find_end(text, end + 1)
            word = text[start:end].strip(" \t")
            if word == "json" and not part["json"]:
                part["json"] = True
            elif re.match(r'default($|[ \t"])', word) and part["default"] is None:
                given = word[7:].strip(" \t")
                if given.startswith('"') and not re.fullmatch(JSON_STRING, given):
                    raise Fault(text)
                part["default"] = unquote(given) if given.startswith('"') else given
            else:
                raise Fault(text)
        parts.append(part)
        at = end + 2
    return parts


def quote(text):
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\x7f")


def render(event, parts):
    out = ""
    for part in parts:
        if isinstance(part, str):
            out += part
        else:
            value = resolve(event, part["reference"])
            if value.kind <= NULL and part["default"] is None:
                return [IS_NULL if value.kind == NULL else
                        REPEATED if value.repeated else NO_VALUE, ""]
            if value.kind <= NULL:
                value = string(part["default"])
            text = quote(value.text) if part["json"] and value.kind == STRING else value.text
            if "\0" in text:
                return [NUL, ""]
            out += text
        if len(out.encode()) > TEXT_LIMIT:
            return [TOO_LONG, ""]
    return [DONE, out]


def equals(value, wanted):
    if isinstance(wanted, str):
        return value.kind == STRING and value.text == wanted
    if wanted is None or isinstance(wanted, bool):
        return (value.kind, value.text) == ((NULL, "null") if wanted is None
                                            else (BOOLEAN, json.dumps(wanted)))
    return value.kind == NUMBER and Decimal(value.text) == wanted.number


def test(value, key, wanted):
    if key == "exists" or value.kind == MISSING:
        return key == "exists" and (value.kind != MISSING) == wanted
    text = value.text if value.kind == STRING else None
    return {
        "equals": lambda: equals(value, wanted),
        "not_equals": lambda: not equals(value, wanted),
        "in": lambda: any(equals(value, one) for one in wanted),
        "not_in": lambda: not any(equals(value, one) for one in wanted),
        "starts_with": lambda: text is not None and text.startswith(wanted),
        "ends_with": lambda: text is not None and text.endswith(wanted),
        "matches": lambda: text is not None and bool(re.search(wanted.replace("$", r"\Z"), text)),
        "contains": lambda: any(equals(one, wanted) for one in value.inner) if value.kind == ARRAY
        else text is not None and isinstance(wanted, str) and wanted in text,
        "greater": lambda: value.kind == NUMBER and Decimal(value.text) > wanted.number,
        "less": lambda: value.kind == NUMBER and Decimal(value.text) < wanted.number,
    }[key]()


def as_number(value):
    """A string that is written as JSON writes a number is that number."""
    is_one = value.kind == STRING and len(value.text) <= 1024 and re.fullmatch(
        r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?", value.text, re.ASCII)
    return Value(NUMBER, sent=value.text, text=value.text) if is_one else value


def holds(event, condition):
    if isinstance(condition, list):
        return all(holds(event, one) for one in condition)
    for key, combine in (("all", all), ("any", any)):
        if key in condition:
            return combine([holds(event, one) for one in condition[key]])
    if "not" in condition:
        return not holds(event, condition["not"])
    results = [all(test(value, key, wanted) for key, wanted in condition.items()
                   if key not in ("value", "every", "as"))
               for value in map(as_number if "as" in condition else lambda value: value,
                                find(event, parse_reference(condition["value"])))]
    return all(results) if condition.get("every") else any(results)


# ---- random events, and what is asked of them ----

class Number:
    """A number as it is written, in a condition."""

    def __init__(self, text):
        self.text, self.number = text, Decimal(text)


NAMES = ["a", "b", "ref", "x y", "a.b", "", 'q"', "ä", "\\", "|}}", "n"]
STRINGS = ["", "main", "refs/heads/main", "a, b", "x\ny", "ä€😀", '"', "\\", "{{payload}}", "-rf",
           "1", "true", "null", "a\0b", "\x1b[1m", "$(id)", "| json }}", "x" * 90, "\u2028\x7f",
           "100.50", "-7", "1e2", "0150", " 1", "1,5", "+1", "1."]
NUMBERS = ["0", "-0", "1", "1.0", "10e-1", "1.50", "12345678901234567890123", "1e400", "-1e-400",
           "12345678901234567890124", "0.1", "100000000000000000000", "1E2", "100", "-7"]
PATTERNS = ["main", "^main$", "^(refs/)?heads", "[0-9]+$", "^$", "a.b", "x{3,}", "ä", "\\n"]


def spell(rng, text):
    """A JSON string of that text, one of many."""
    out = ""
    for c in text:
        if c in '"\\' or c < " " or rng.random() < 0.1:
            units = c.encode("utf-16-be")
            out += "".join("\\u%04x" % int.from_bytes(units[i:i + 2], "big")
                           for i in range(0, len(units), 2))
        else:
            out += c
    return f'"{out}"'


def make_value(rng, depth=0):
    kind = rng.choice([NULL, BOOLEAN, NUMBER, STRING, STRING, ARRAY, OBJECT, OBJECT][:8 - depth])
    blank = rng.choice(["", "", " ", "\n\t"])
    if kind == STRING:
        text = rng.choice(STRINGS)
        return Value(STRING, sent=spell(rng, text), text=text)
    if kind < STRING:
        text = {NULL: "null", BOOLEAN: rng.choice(["true", "false"]),
                NUMBER: rng.choice(NUMBERS)}[kind]
        return Value(kind, sent=text, text=text)
    inner = [make_value(rng, depth + 1) for _ in range(rng.choice([0, 1, 2, 3]))]
    if kind == ARRAY:
        def write(part):
            return [part(one) for one in inner]
        made = Value(ARRAY, inner)
    else:
        names = [rng.choice(NAMES) for _ in inner]
        spelled = [spell(rng, name) for name in names]

        def write(part):
            colon = ":" if part is compact else blank + ":" + blank
            return [name + colon + part(one) for name, one in zip(spelled, inner)]
        made = Value(OBJECT, list(zip(names, inner)))
    ends = "[]" if kind == ARRAY else "{}"
    made.text = ends[0] + ",".join(write(compact)) + ends[1]
    made.sent = ends[0] + blank + (blank + "," + blank).join(write(lambda one: one.sent)) + blank \
        + ends[1]
    return made


def compact(value):
    return value.sent if value.kind == STRING else value.text


def make_path(rng, tree):
    """A path into the tree, or beside it."""
    text = "payload"
    while tree and rng.random() < 0.85:
        if tree.kind == ARRAY and rng.random() < 0.9:
            index = rng.randint(-len(tree.inner) - 1, len(tree.inner) + 1)
            text += "[*]" if rng.random() < 0.4 else f"[{index}]"
            tree = rng.choice(tree.inner) if tree.inner else None
        else:
            members = tree.inner if tree.kind == OBJECT else []
            name, tree = rng.choice(members) if members and rng.random() < 0.9 \
                else (rng.choice(NAMES), None)
            plain = re.fullmatch(NAME, name, re.A) and rng.random() < 0.8
            text += "." + name if plain else f"[{spell(rng, name)}]"
    return text


def make_reference(rng, event):
    if rng.random() < 0.7:
        return make_path(rng, event["tree"])
    return rng.choice(["header.x-a", "header.X-B", 'header["x-c"]', "query.n", 'query["a b"]',
                       "query.q", "path.one", "path.two", "request.method", "request.path",
                       "event.type", "form.a"])


def mutate(rng, text, rate):
    if not text or rng.random() > rate:
        return text
    at, byte = rng.randrange(len(text)), rng.choice('.[]{}"|*-0 aä\\\t')
    return text[:at] + rng.choice([byte + text[at:], text[at + 1:], byte + text[at + 1:]])


def make_template(rng, event):
    text = ""
    for _ in range(rng.choice([0, 1, 1, 2, 3])):
        value = make_reference(rng, event) + rng.choice(["", " | json", "|json "])
        value += rng.choice(["", "", " | default", " | default main", ' | default "a}}|\\u00e4"'])
        text += rng.choice(["", "x", " - ", "}} {"]) + "{{" + rng.choice(["", " "]) + value + "}}"
    return mutate(rng, text + rng.choice(["", "/end", "{"]), 0.3)


def make_operand(rng, value):
    """Often what is there, so that half of the conditions hold."""
    if MISSING < value.kind < ARRAY and rng.random() < 0.6 \
            and not re.search("[\0\x1b\x7f\u2028]", value.text):
        return value.text if value.kind == STRING else Number(value.text) \
            if value.kind == NUMBER else json.loads(value.text)
    return rng.choice([rng.choice(STRINGS[:11]), Number(rng.choice(NUMBERS)), None, True, False])


def make_condition(rng, event, depth=0):
    if depth < 4 and rng.random() < 0.4:
        inner = [make_condition(rng, event, depth + 1) for _ in range(rng.choice([1, 2, 3]))]
        return {rng.choice(["all", "any"]): inner} if rng.random() < 0.6 else {"not": inner}
    while True:
        try:
            reference = make_reference(rng, event)
            parsed = parse_reference(reference)
            root, value = parsed[0], resolve(event, parsed)
            break
        except Fault:
            continue
    condition = {"value": reference}
    keys = ["equals", "not_equals", "in", "not_in", "contains", "exists", "greater", "less"]
    if rng.random() < 0.2:
        condition["as"], value = "number", as_number(value)
    else:
        keys += ["matches", "starts_with", "ends_with"]
    for key in rng.sample(keys, rng.choice([1, 1, 1, 2])):
        text_only = root != "payload" and "as" not in condition
        wanted = make_operand(rng, value)
        if text_only and not isinstance(wanted, str):
            wanted = rng.choice(STRINGS[:11])
        if key in ("greater", "less"):
            if text_only:
                key, wanted = "equals", "main"
            else:
                wanted = Number(rng.choice(NUMBERS))
        elif key in ("in", "not_in"):
            wanted = [wanted, rng.choice(STRINGS[:11])]
        elif key == "exists":
            wanted = rng.random() < 0.5
        elif key == "matches":
            wanted = rng.choice(PATTERNS)
        elif key in ("starts_with", "ends_with"):
            wanted = wanted[:3] if key == "starts_with" and isinstance(wanted, str) \
                else rng.choice(STRINGS[:11])
        condition[key] = wanted
    if "[*]" in re.sub(JSON_STRING, "", reference) and rng.random() < 0.5:
        condition["every"] = rng.random() < 0.8
    return condition


def write_condition(condition):
    if isinstance(condition, list):
        return "[" + ", ".join(map(write_condition, condition)) + "]"
    if isinstance(condition, dict):
        return "{" + ", ".join(f"{key}: {write_condition(one)}"
                               for key, one in condition.items()) + "}"
    return condition.text if isinstance(condition, Number) else \
        json.dumps(condition, ensure_ascii=False)


def make_event(rng):
    headers = [(rng.choice(["X-A", "x-b", "X-C"]), rng.choice(["", "1", "a b", "main"]))
               for _ in range(rng.choice([0, 1, 2, 3]))]
    parameters = [(rng.choice(["n", "a b", "q"]), rng.choice(["", "1", "x&y=z", "ä", "+", "-rf"]))
                  for _ in range(rng.choice([0, 1, 2, 3]))]
    return {"tree": make_value(rng) if rng.random() < 0.95 else None, "headers": headers,
            "parameters": parameters, "fields": [],
            "path": f"/p/{rng.choice(['x', 'ä', '..'])}/main"}


def escape(text):
    return "".join(f"%{byte:02X}" if chr(byte) in "&=+%# " or byte > 126 else chr(byte)
                   for byte in text.encode())


def stored(event):
    """What the journal has of the head."""
    query = {}
    for key, value in event["parameters"]:
        query.setdefault(key, []).append(value)
    headers = {}
    for key, value in event["headers"]:
        headers.setdefault(key.lower(), []).append(value)
    _, _, one, two = event["path"].split("/")
    return {"headers": json.dumps({key: ", ".join(values) for key, values in headers.items()}),
            "query": json.dumps({key: values if len(values) > 1 else values[0]
                                 for key, values in query.items()}),
            "params": json.dumps({"one": one, "two": two})}


def make_line(rng):
    event = make_event(rng)
    tree = event["tree"]
    asked = {
        "payload": tree and rng.choice(["", " "]) + tree.sent + rng.choice(["", "\n"]),
        "headers": event["headers"], "path": event["path"], "stored": stored(event),
        "query": "&".join(f"{escape(key)}={escape(value)}" for key, value in event["parameters"]),
        "references": [mutate(rng, make_reference(rng, event), 0.2) for _ in range(6)],
        "templates": [make_template(rng, event) for _ in range(4)]}
    condition = [make_condition(rng, event) for _ in range(rng.choice([1, 1, 2]))]
    asked["when"] = write_condition(condition)
    return event, asked, condition


def attempt(function):
    try:
        return function()
    except Fault:
        return ["fault"]


def expected(event, asked, condition):
    def reference(text):
        value = resolve(event, parse_reference(text))
        shown = value.text if value.kind == STRING else value.sent
        return [value.kind, value.repeated, shown.encode().hex()]

    def template(text):
        outcome, made = render(event, parse_template(text))
        return [outcome, made.encode().hex()]
    unknown = any(f'"{word}' in asked["when"] for word in ("event.id", "event.attempt"))
    return [[attempt(lambda one=one: reference(one)) for one in asked["references"]],
            [attempt(lambda one=one: template(one)) for one in asked["templates"]],
            "fault" if unknown else HOLDS if holds(event, condition) else FAILS]


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("driver")
    parser.add_argument("--pairs", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    lines = [make_line(rng) for _ in range(options.pairs)]
    sent = "".join(json.dumps(asked) + "\n" for _, asked, _ in lines)
    answers = subprocess.run([options.driver], input=sent, capture_output=True, text=True,
                             check=True).stdout.splitlines()
    wrong, counts = 0, {}
    for (event, asked, condition), answer in zip(lines, answers, strict=True):
        wanted, (request, journal) = expected(event, asked, condition), json.loads(answer)
        counts[str(wanted[2])] = counts.get(str(wanted[2]), 0) + 1
        if request != wanted or journal != wanted:
            wrong += 1
            print(f"payload {asked['payload']}\nwhen {asked['when']}")
            for text, one, two, three in zip(
                    asked["references"] + asked["templates"] + ["when"],
                    wanted[0] + wanted[1] + wanted[2:], request[0] + request[1] + request[2:],
                    journal[0] + journal[1] + journal[2:]):
                if one != two or one != three:
                    print(f"  {text!r}: model {one}, request {two}, stored {three}")
    print(f"{len(lines)} events, each with 6 references, 4 templates and a list of conditions "
          f"({counts}): {wrong} differ")
    return wrong > 0


if __name__ == "__main__":
    sys.exit(main())
