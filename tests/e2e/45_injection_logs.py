"""A value in the log is text of one line: no line of its own, no other field, nothing that a
terminal obeys; a log of JSON stays JSON, and a reason says what was seen."""
import json

import hostile
from harness import Server, ensure, expect, route
from terminal import obeyed

when = [{"value": reference, "in": ["a", "b"]} for reference in ("payload.v", "query.q")]
names = {"event": "payload.v", "delivery": "payload.v", "auth": {"none": True}}
routes = [route("names", **names), route("when", **names, when=[{"any": when}]),
          route("refused", **names, actions=[{"command": ["true", "{{payload.none}}"]}])]
for kind in ("text", "json"):
    with Server(routes, log={"format": kind}) as server, server.connect() as connection:
        begun, texts = len(server.log().splitlines()), hostile.texts(server)
        for text in texts:
            body = json.dumps({"v": text}, ensure_ascii=False).encode()
            agent = "".join(c for c in text if " " <= c != "\x7f").encode().decode("latin-1")
            headers = {"Content-Type": "application/json", "User-Agent": agent[:99]}
            for path, status in (("/names", 202), ("/when?q=%0a%1b%5b", 200), ("/refused", 422)):
                expect(connection.request("POST", path, body, headers).status, status, text)
        server.wait_settled()
        log = server.log()
        ensure(not obeyed(log.encode()), "the log obeys")
        lines = log.splitlines()[begun:]
        expect(len(lines), 4 * len(texts), "lines: accepted and done, ignored, refused")
        reasons = [line.partition("reason")[2] for line in lines if "ignored" in line]
        for text, reason in zip(texts, reasons, strict=True):
            ensure("payload.v in [" in reason and "it is " in reason, reason)
        if kind == "json":
            ensure(all({"event", "process", "time"} <= set(json.loads(line)) for line in lines), "")
