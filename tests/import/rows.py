"""The rows of that program's unit tests that can be said as a hook and a request. Each becomes a
hook of one hooks file, and a request; the rest is listed with the reason."""
import json
import re
import urllib.parse

from served import Served

# Why rows of a table, or single ones of them, are not asked.
NO_REQUEST = {
    "load_from_file": "reads files that are not among the data",
    "scalr_signature": "no scheme reads the time in the Date header",
}


class Row:
    """A hook, a request to it, and what has to come of it."""

    def __init__(self, hook, headers=None, query=None, body=b"", runs=True, argv=None, env=None):
        self.hook = hook
        self.headers = list((headers or {}).items())
        self.query, self.body = query, body
        self.runs, self.argv, self.env = runs, argv, env


def json_body(payload):
    return {"Content-Type": "application/json"}, json.dumps(payload).encode()


def with_payload(row):
    """Headers and body of a row with `headers` and `payload`."""
    headers, body = dict(row["headers"] or {}), b""
    if row.get("payload") is not None:
        more, body = json_body(row["payload"])
        headers.update(more)
    return headers, body


def forwarded(address):
    """The address of `addr:port`, as a proxy names it; None if it is no address."""
    text = address.strip(" []")
    text = text[:text.rindex(":")].strip(" []") if ":" in text else text
    return text if re.fullmatch(r"[0-9a-f.:]+", text) and not text.endswith(".a") else None


# ---- a table each: yields a Row, or a string with the reason why not ----

def argument_get(row):
    headers, body = with_payload(row)
    if row["source"] == "foo":
        return "a source that webhook does not know: the hook is left out"
    if row["name"] == "remote-addr":
        return "the address of a client comes without its port"
    return Row({"pass-arguments-to-command": [{"source": row["source"], "name": row["name"]}]},
               headers, row["query"], body, argv=[row["value"]])


def extract_command_arguments(row):
    headers, body = with_payload(row)
    return Row({"pass-arguments-to-command": row["pass_arguments"]}, headers, row["query"], body,
               argv=row["argv"][1:])


def extract_command_arguments_for_env(row):
    headers, body = with_payload(row)
    if not row["ok"]:
        return "a variable for a missing value is empty, not absent"
    return Row({"pass-environment-to-command": row["pass_environment"]}, headers, row["query"],
               body, env=row["env"])


def extract_parameter(row):
    if not isinstance(row["params"], (dict, type(None))):
        return "a payload that is neither an object nor a list"
    headers, body = json_body(row["params"]) if row["params"] is not None else ({}, b"")
    return Row({"pass-arguments-to-command": [{"source": "payload", "name": row["path"]}]},
               headers, None, body, argv=[row["value"]])


def ip_whitelist(row):
    rule = {"match": {"type": "ip-whitelist", "ip-range": row["ip_range"]}}
    return Row({"trigger-rule": rule}, {"X-Forwarded-For": forwarded(row["addr"])},
               runs=row["expect"])


def match_rule(row):
    headers = dict(row["headers"] or {})
    if row["remote_addr"]:
        client = forwarded(row["remote_addr"])
        if not client or client.endswith("z"):
            return "a client without an address"
        headers["X-Forwarded-For"] = client
    return Row({"trigger-rule": {"match": row["rule"]}}, headers, row["query"],
               row["body"].encode(), runs=row["match"])


def parse_rule(words):
    """The rule of `a=z && (b=y || !f=u)`; the words are consumed."""
    def single():
        word = words.pop(0)
        if word == "!":
            return {"not": single()}
        if word == "(":
            rule = parse_rule(words)
            words.pop(0)
            return rule
        name, value = word.split("=", 1)
        return {"match": {"type": "value", "value": value,
                          "parameter": {"source": "header", "name": name}}}
    rules, joint = [single()], "and"
    while words and words[0] in ("&&", "||"):
        joint = "and" if words.pop(0) == "&&" else "or"
        rules.append(single())
    return rules[0] if len(rules) == 1 else {joint: rules}


def rule_of_description(row):
    """The rows have their rules in full in their descriptions only."""
    match = re.fullmatch(r"\(([^)]*)\): (.*)", row["desc"])
    if not match:
        return "a rule that is not written out"
    words = re.findall(r"&&|\|\||!|\(|\)|[^\s()!]+", match[2])
    return Row({"trigger-rule": parse_rule(words)}, row["headers"], runs=row["match"])


def payload_signature(row):
    rule = {"match": {"type": f"payload-hmac-{row['alg']}", "secret": row["secret"],
                      "parameter": {"source": "header", "name": "X-Signature"}}}
    return Row({"trigger-rule": rule}, {"X-Signature": row["signature"]}, None,
               row["payload"].encode(), runs=row["ok"])


def parse_json_parameters(row):
    if not row["ok"] or row["parameters"][0]["source"] != "payload":
        return "JSON in a header or in the query: the hook is left out"
    name = row["parameters"][0]["name"]
    form = urllib.parse.urlencode(row["payload"]).encode()
    (inner, value), = row["result_payload"][name].items()
    hook = {"parse-parameters-as-json": row["parameters"],
            "pass-arguments-to-command": [{"source": "payload", "name": f"{name}.{inner}"}]}
    return Row(hook, {"Content-Type": "application/x-www-form-urlencoded"}, None, form,
               argv=[value])


TABLES = {
    "argument_get": argument_get, "extract_command_arguments": extract_command_arguments,
    "extract_command_arguments_for_env": extract_command_arguments_for_env,
    "extract_parameter": extract_parameter, "ip_whitelist": ip_whitelist,
    "match_rule": match_rule, "and_rule": rule_of_description, "or_rule": rule_of_description,
    "not_rule": rule_of_description, "payload_signature": payload_signature,
    "parse_json_parameters": parse_json_parameters,
}


def fault_of(row, name, answer, runs):
    """What is not as the row says, or None."""
    mine = [run for run in runs if run["id"] == name]
    if bool(mine) != row.runs:
        return f"{'ran' if mine else 'did not run'}, answer {answer}"
    if not mine:
        return None
    if row.argv is not None and mine[0]["argv"] != row.argv:
        return f"arguments {mine[0]['argv']}, not {row.argv}"
    env = [f"{name}={value}" for name, value in mine[0]["env"].items()]
    missing = [one for one in row.env or [] if one not in env]
    return f"variables {env}, not {row.env}" if missing else None


def run(program, tables, to_come):
    """Yields (name, what is wrong or None, why it is skipped or None) of each row."""
    asked = {}
    for table, found in sorted(tables.items()):
        for index, one in enumerate(found):
            name = f"{table}-{index}"
            row = NO_REQUEST.get(table) or TABLES[table](one)
            if isinstance(row, str):
                yield name, None, row
            else:
                asked[name] = row
    hooks = [{"id": name, **row.hook, "execute-command": "@HELPER@-" + name}
             for name, row in asked.items()]
    with Served(program, hooks, server="  trusted_proxies: [127.0.0.1]\n") as served:
        if served.to_come:
            unknown = served.to_come - to_come
            for name in asked:
                yield (name, f"keys that nobody knows: {unknown}" if unknown else None,
                       "to come: " + ", ".join(sorted(served.to_come)))
            return
        yield from ask_all(served, asked)


def ask_all(served, asked):
    for name in asked:
        (served.directory / f"helper-{name}").symlink_to(served.helper)
    served.start()
    answers = {}
    for name, row in asked.items():
        query = "?" + urllib.parse.urlencode(row.query) if row.query else ""
        answers[name] = served.ask("POST", f"/hooks/{name}{query}", row.headers, row.body)
    runs = served.runs(sum(row.runs for row in asked.values()))
    for run_ in runs:
        run_["id"] = run_["id"][len("helper-"):]
    for name, row in asked.items():
        yield name, fault_of(row, name, answers[name], runs), None
