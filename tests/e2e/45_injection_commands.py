"""A value of the payload reaches arguments, variables and the envelope byte for byte, and is never
a second one of them; U+0000 and what is too long is refused and named."""
import json

import hostile
from harness import Server, ensure, expect, route

command = hostile.shown("{{payload.v}}", "in {{payload.v}} it", "{{payload.v | json}}",
                        "{{payload.none | default \"-x; y\"}}", "last", stdin="event",
                        env={"V": "{{payload.v}}", "W": "<{{payload.v | default none}}>"})
actions = {"run": [command], "dash": [{"command": ["true", "{{payload.v}}"]}]}
with Server([route(name, auth={"none": True}, max_body="2MiB", actions=actions[name])
             for name in actions]) as server, server.connect() as connection:
    def post(path, value, **how):
        return connection.request("POST", path, json.dumps({"v": value}, **how).encode(),
                                  {"Content-Type": "application/json"})

    events, names = {}, set()
    for number, text in enumerate(hostile.texts(server)):
        answer = post("/run", text, ensure_ascii=number % 2 == 0)
        expect(answer.status, 202, f"{text!r} {answer}")
        events[answer.json()["id"]] = text
        expect(post("/dash", text).status, 422 if text.startswith("-") else 202, text)
    server.wait_settled()
    for event, text in events.items():
        raw, argv = text.encode(), hostile.given(server, event, "argv")
        expect(argv[:2] + argv[3:], [raw, b"in %s it" % raw, b"-x; y", b"last"], "arguments")
        expect(json.loads(argv[2]), text, "as JSON")
        env, line = hostile.given(server, event, "env"), hostile.given(server, event, "stdin")
        expect((env["V"], env["W"]), (raw, b"<%s>" % raw), "variables")
        names.add(tuple(env))
        expect((line.count(b"\n"), line[-1:]), (1, b"\n"), "one line")
        expect(json.loads(line)["payload"], {"v": text}, "envelope")
    expect(len(names), 1, "sets of variables")
    for text in hostile.NUL + ["x" * (1 << 20)]:
        answer = post("/run", text)
        expect(answer.status, 422, repr(text[:9]))
        ensure("payload.v in argument" in answer.json()["message"], answer)
    hostile.check_nothing_ran(server)
