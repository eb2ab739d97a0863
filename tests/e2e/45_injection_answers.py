"""A value in an answer is body and never a head: one answer, with the headers of the file and no
other, or 422 that names the value; at once, late and for a copy."""
import json

import hostile
from harness import Server, ensure, expect, route

HEADERS = {"x-v", "x-w"}
fixed = {"status": 200, "body": "<{{payload.v}}>", "headers": {"X-V": "{{event.id}}"}}
routes = {"body": fixed, "json": {**fixed, "body": '{"v": {{payload.v | json}}}'},
          "head": {**fixed, "headers": {"X-V": "{{payload.v}}", "X-W": "a {{payload.v}} b"}},
          "late": {"output": "run", "size": "1KiB", "headers": {"X-V": "{{payload.v}}"},
                   "late": {**fixed, "status": 202}}}
run = [{"name": "run", "command": ["head", "-c2000", "/dev/zero"]}]
with Server([route(name, auth={"none": True}, delivery="header.x-id", respond=respond, actions=run)
             for name, respond in routes.items()], plain=True) as server, server.raw() as plain:
    def post(path, text, number):
        body = json.dumps({"v": text}).encode()
        head = f"POST /{path} HTTP/1.1\r\nHost: h\r\nContent-Type: application/json\r\n" \
               f"X-Id: {number}\r\nContent-Length: {len(body)}\r\n\r\n"
        answer = plain.send(head.encode() + body).answer()
        expect(plain.buffer, b"", "bytes behind the answer")
        names = set(answer.headers)
        usual.update(names - HEADERS if text == "plain" else [])
        ensure(names <= usual | HEADERS, f"{path} {text!r}: {answer}")
        return answer

    usual = set()
    for number, text in enumerate(["plain", *hostile.texts(server)]):
        is_header = text == text.strip(" ") and all(" " <= c <= "~" for c in text)
        for path in routes:
            fits = len(text) <= 4000 and is_header or path in ("body", "json") and len(text) < 65000
            for answer in (post(path, text, number), post(path, text, number)):
                expect(answer.status, 422 if not fits else 202 if path == "late" else 200, text)
                if fits:
                    expect(answer.json() if path == "json" else answer.body.decode(),
                           {"v": text} if path == "json" else f"<{text}>")
                if fits and path == "head":
                    expect([answer.headers.get(name, "") for name in sorted(HEADERS)],
                           [text, f"a {text} b"])
