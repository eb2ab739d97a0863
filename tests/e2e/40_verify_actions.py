"""verify shows which actions a request has and why, what each would be given, and the answer."""
import json

from harness import Server, ensure, expect, route

HEAD = "POST /hook/x?q={} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n" \
    "Content-Length: {}\r\n\r\n{}"
BOTH = [{"value": "payload.n", "greater": 1}, {"value": "query.q", "equals": "1"}]
ACTIONS = [
    {"name": "run", "command": ["/bin/echo", "{{payload.ref}}", {"literal": "{{x}}"}],
     "env": {"N": "n={{payload.n | default none}}"}, "cwd": "/srv/{{path.dir}}"},
    {"name": "both", "shell": "exit", "when": BOTH}]
CHOOSE = [{"name": "one", "shell": "exit", "when": BOTH[1:]},
          {"name": "rest", "pipe": "@OUT@/p", "else": True,
           "format": {"line": "{{payload.ref}}\t"}}]
with Server([route(path="/hook/{dir}", auth={"none": True}, actions=ACTIONS, choose=CHOOSE,
                   respond={"status": 201, "body": "{{payload.ref}} {{event.id}}",
                            "headers": {"X-Q": "{{query.q}}"}})], start=False) as server:
    files = [server.write(str(i), HEAD.format(q, len(body), body)) for i, (q, body) in enumerate(
        [(1, '{"ref":"a\\u001b\\n"}'), (2, '{"ref":"-x","n":2}')])]
    shown = server.tool("verify", "--json", "--request", files[0], "--request", files[1])
    expect(shown.returncode, 1, "one of them is refused")
    first, second = map(json.loads, shown.stdout.splitlines())
    expect([action["runs"] for action in first["actions"]], [True, False, True, False])
    expect([first["actions"][0][key] for key in ("arguments", "env", "cwd")],
           [["/bin/echo", "a\x1b\n", "{{x}}"], {"N": "n=none"}, "/srv/x"])
    expect([line["result"] for line in first["actions"][1]["conditions"]], ["fails", "holds"])
    expect((first["status"], first["answer"]["headers"], first["answer"]["body"][:4]),
           (201, {"X-Q": "1"}, "a\x1b\n "), "the answer")
    ensure('"choose"' in first["actions"][3]["left_out"], "the earlier entry is named")
    expect([action["runs"] for action in second["actions"]], [True, False, False, True])
    expect(second["actions"][3]["line"], "-x\t", "the line of a pipe")
    ensure("allow_dash" in second["actions"][0]["cannot_run"] and second["status"] == 422,
           f"what cannot be given: {second}")
    text = server.tool("verify", "--request", files[0]).stdout
    for line in ("action     run (command): runs", "  argument  a\\x1b\\x0a", "  N         n=none",
                 "action     both (shell): left out: payload.n greater 1: it is missing",
                 "  condition  fails: payload.n greater 1; it is missing", "header     X-Q: 1"):
        ensure(line in text, f"{line!r} in {text}")
    expect(server.tool("verify", "--request", files[0], "--event", "0").returncode, 2, "one way")
