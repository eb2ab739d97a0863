"""The rows of that program's unit tests that can be said as a hook and a request. Each becomes a
hook of one hooks file, and a request. A row of which something else comes here is different: what
comes is asked for too. The rest is listed with the reason."""
import hashlib
import hmac
import json
import re
import time
import urllib.parse

from served import Served

LEFT_OUT = "the hook is left out"


class Row:
    """A hook, a request to it, and what has to come of it. `different`: why that is not what the
    row says; a row with `status` is answered so."""

    def __init__(self, hook, headers=None, query=None, body=b"", runs=True, argv=None, env=None,
                 different=None, status=None):
        self.hook = hook
        self.headers = list((headers or {}).items())
        self.query, self.body = query, body
        self.runs, self.argv, self.env = runs, argv, env
        self.different, self.status = different, status


def left_out(hook, headers, query, body, why):
    return Row(hook, headers, query, body, runs=False, status=404, different=f"{LEFT_OUT}: {why}")


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


# ---- a table each: a Row, or a string with the reason why it is no request ----

def argument_get(row):
    headers, body = with_payload(row)
    hook = {"pass-arguments-to-command": [{"source": row["source"], "name": row["name"]}]}
    if row["source"] == "foo":
        return left_out(hook, headers, row["query"], body, "a source that webhook does not know")
    if row["name"] == "remote-addr":
        return Row(hook, headers, row["query"], body, argv=["127.0.0.1"],
                   different="the address of a client comes without its port")
    return Row(hook, headers, row["query"], body, argv=[row["value"]])


def extract_command_arguments(row):
    headers, body = with_payload(row)
    return Row({"pass-arguments-to-command": row["pass_arguments"]}, headers, row["query"], body,
               argv=row["argv"][1:])


def extract_command_arguments_for_env(row):
    headers, body = with_payload(row)
    hook = {"pass-environment-to-command": row["pass_environment"]}
    if not row["ok"]:
        return Row(hook, headers, row["query"], body, env=["HOOK_a="],
                   different="a variable for a missing value is empty, not absent")
    return Row(hook, headers, row["query"], body, env=row["env"])


def extract_parameter(row):
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
            return "every client has an address"
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
    if not match:  # the last row of a table has its own rule
        rule = {"and": [{}]} if row["desc"] == "empty rule" else row["rule"]
        return Row({"trigger-rule": rule}, row["headers"], runs=row["match"])
    words = re.findall(r"&&|\|\||!|\(|\)|[^\s()!]+", match[2])
    return Row({"trigger-rule": parse_rule(words)}, row["headers"], runs=row["match"])


def payload_signature(row):
    rule = {"match": {"type": f"payload-hmac-{row['alg']}", "secret": row["secret"],
                      "parameter": {"source": "header", "name": "X-Signature"}}}
    return Row({"trigger-rule": rule}, {"X-Signature": row["signature"]}, None,
               row["payload"].encode(), runs=row["ok"])


def scalr_signature(row):
    """Signed now: the row's date is long gone, and it is not asked for it."""
    headers, body = dict(row["headers"]), row["body"].encode()
    if row["ok"]:
        headers["Date"] = time.strftime("%a %d %b %Y %H:%M:%S UTC", time.gmtime())
        headers["X-Signature"] = hmac.new(row["secret"].encode(), body + headers["Date"].encode(),
                                          hashlib.sha1).hexdigest()
    rule = {"match": {"type": "scalr-signature", "secret": row["secret"]}}
    return Row({"trigger-rule": rule}, headers, None, body, runs=row["ok"])


def parse_json_parameters(row):
    name, source = row["parameters"][0]["name"], row["parameters"][0]["source"]
    if source != "payload":
        hook = {"parse-parameters-as-json": row["parameters"],
                "pass-arguments-to-command": [{"source": source, "name": f"{name}.b"}]}
        return left_out(hook, row["headers"], row["query"], b"",
                        "JSON that is in no field of a form")
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
    "parse_json_parameters": parse_json_parameters, "scalr_signature": scalr_signature,
    "load_from_file": lambda row: "it reads a file",
}


def fault_of(row, name, answer, runs):
    """What is not as the row says, or None."""
    mine = [run for run in runs if run["id"] == name]
    if row.status not in (None, answer[0]):
        return f"status {answer[0]}, not {row.status}"
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
    """Yields (name, what is wrong or None, why it is different or no request, or None)."""
    asked = {}
    for table, found in sorted(tables.items()):
        for index, one in enumerate(found):
            name = f"{table}-{index}"
            row = TABLES[table](one)
            if isinstance(row, str):
                yield name, None, f"no request: {row}"
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
        yield (name, fault_of(row, name, answers[name], runs),
               row.different and f"different: {row.different}")
