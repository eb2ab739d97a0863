"""An event's type and delivery id are what was sent, or none, or refused; two keys of repeated
messages that differ in one byte are two messages."""
import json

import hostile
from harness import Server, ensure, expect, route

JSON = {"Content-Type": "application/json"}
keys = {"event": "payload.v", "delivery": "payload.v", "auth": {"none": True}}
routes = [route("names", actions=[hostile.shown(stdin="event")], **keys),
          route("keys", dedupe={"key": "payload.v"}, auth={"none": True})]
with Server(routes) as server, server.connect() as connection:
    def post(path, value):
        return connection.request("POST", path, json.dumps({"v": value}).encode(), JSON)

    events, texts = {}, hostile.texts(server)
    for text in texts + hostile.NUL:
        answer = post("/names", text)
        if "\0" in text:
            expect(answer.status, 422, repr(text))
            ensure("U+0000" in answer.json()["message"], answer)
        else:
            expect(answer.status, 202, text)
            events[answer.json()["id"]] = text
    server.wait_settled()
    for event, text in events.items():
        env = hostile.given(server, event, "env")
        known = text if len(text.encode()) <= 256 else ""
        expect((env["TENTERHOOK_EVENT"], env["TENTERHOOK_DELIVERY"]), (known.encode(),) * 2)
        envelope = json.loads(hostile.given(server, event, "stdin"))
        expect((envelope["event"], envelope["delivery"]), (known, known), "in the envelope")
    near = [text for text in texts if 0 < len(text) < 1000] + ["a?b", "a\0b", "a\0", "a", "A"]
    first = {text: post("/keys", text).json()["id"] for text in near}
    for text in near:
        answer = post("/keys", text)
        expect((answer.status, answer.json()["id"]), (200, first[text]), text)
    expect(server.count("event", "route = 'keys'"), len(near), "events of their own")
    hostile.check_nothing_ran(server)
