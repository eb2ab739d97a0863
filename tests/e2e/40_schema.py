"""A body that does not conform to its schema is answered 422 with places and never values."""
import json

from harness import Server, ensure, expect, ledger, route

PUSH = {"type": "object", "required": ["ref", "repository"],
        "properties": {"ref": {"type": "string", "pattern": "^refs/"}, "repository": {"$ref": "parts.json#/$defs/repository"}}}
PARTS = {"$defs": {"repository": {"type": "object", "properties": {"id": {"type": "integer"}, "url": {"format": "uri"}}}}}
GOOD = {"ref": "refs/heads/main", "repository": {"id": 1.0, "url": "https://example.org/"}}
BAD = {"ref": "hunter2-is-the-value", "repository": {"id": "hunter2", "url": "not a uri"}}
by_event = {"by": "event.type", "push": "push.json", "issue*": {"required": ["issue"]}}

routes = [route("one", schema="push.json", actions=[ledger()]),
          route("strict", schema="push.json", formats="assert"),
          route("choice", schema=by_event, events=["push", "issues", "fork"], actions=[ledger()]),
          route("hostile", schema={"properties": {"a": {"pattern": "^(a+)+$"}}, "patternProperties": {"^é": False}})]
with Server(routes, start=False) as server:
    for name, schema in (("push.json", PUSH), ("parts.json", PARTS)):
        with open(f"{server.directory}/{name}", "w") as file:
            json.dump(schema, file)
    server.start()
    expect(server.post("/one", json.dumps(GOOD).encode()).status, 202)
    refused = server.post("/one", json.dumps(BAD).encode())
    expect(refused.status, 422)
    errors = refused.json()["errors"]
    expect([error["instanceLocation"] for error in errors], ["/ref", "/repository/id"], "places")
    expect(errors[1]["message"], "must be an integer, it is a string")
    expect(errors[1]["keywordLocation"], "/properties/repository/$ref/properties/id/type")
    ensure(b"hunter2" not in refused.body and "hunter2" not in server.log(), "a value was shown")
    server.wait_log(r"refused.*route=one.*status=422.*/repository/id must be an integer")
    expect(server.post("/strict", json.dumps(GOOD).encode()).status, 202)
    expect(server.post("/strict", json.dumps({**GOOD, "repository": {"url": "not a uri"}}).encode()).status, 422)
    expect(server.post("/hostile", json.dumps({"é" * 600: "hunter2"}).encode()).status, 422, "a long name")
    server.wait_log(r"refused.*route=hostile.*reason=\"/é{50,}… is not allowed here")
    for event, body, status in (("push", GOOD, 202), ("push", {}, 422), ("issues", {"issue": 1}, 202), ("issues", {}, 422),
                                ("fork", {}, 422), ("star", {}, 200)):  # without a schema; not wanted
        expect(server.post("/choice", json.dumps(body).encode(), event=event).status, status, event)
    expect(server.post("/hostile", json.dumps({"a": "a" * 40000 + "!"}).encode()).status, 422, "a pattern past its limit")
    expect(server.count(), 4, "events in the journal")
print("refused with their places: wrong values, wrong formats, events without a schema, patterns past a limit")
