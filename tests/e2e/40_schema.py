"""A body that does not conform to its schema is answered 422 with places and never values."""
import json

from harness import Server, ensure, expect, ledger, route

PUSH = {"type": "object", "required": ["ref", "repository"],
        "properties": {"ref": {"type": "string", "pattern": "^refs/"},
                       "repository": {"$ref": "parts.json#/$defs/repository"}}}
PARTS = {"$defs": {"repository": {"type": "object", "properties": {"id": {"type": "integer"},
                                                                   "url": {"format": "uri"}}}}}
GOOD = {"ref": "refs/heads/main", "repository": {"id": 1.0, "url": "https://example.org/"}}
BAD = {"ref": "hunter2-is-the-value", "repository": {"id": "hunter2", "url": "not a uri"}}
BY_EVENT = {"by": "event.type", "push": "push.json", "issue*": {"required": ["issue"]}}
routes = [route("one", schema="push.json", actions=[ledger()]),
          route("strict", schema="push.json", formats="assert"),
          route("choice", schema=BY_EVENT, events=["push", "issues", "fork"], actions=[ledger()]),
          route("hostile", schema={"properties": {"a": {"pattern": "^(a+)+$"}},
                                   "patternProperties": {"^é": False}})]
with Server(routes, start=False) as server:
    def post(path, value, status, **more):
        answer = server.post(path, json.dumps(value).encode(), **more)
        expect(answer.status, status, f"{path} {more} {str(value)[:50]}")
        return answer
    server.write("push.json", PUSH), server.write("parts.json", PARTS), server.start()
    post("/one", GOOD, 202)
    refused = post("/one", BAD, 422)
    errors = refused.json()["errors"]
    expect([error["instanceLocation"] for error in errors], ["/ref", "/repository/id"], "places")
    expect(errors[1]["message"], "must be an integer, it is a string")
    expect(errors[1]["keywordLocation"], "/properties/repository/$ref/properties/id/type")
    ensure(b"hunter2" not in refused.body and "hunter2" not in server.log(), "a value was shown")
    server.wait_log(r"refused.*route=one.*status=422.*/repository/id must be an integer")
    post("/strict", GOOD, 202), post("/strict", {**GOOD, "repository": {"url": "not a uri"}}, 422)
    post("/hostile", {"é" * 600: "hunter2"}, 422)
    server.wait_log(r"refused.*route=hostile.*reason=\"/é{50,}… is not allowed here")
    post("/choice", GOOD, 202, event="push"), post("/choice", {}, 422, event="push")
    post("/choice", {"issue": 1}, 202, event="issues"), post("/choice", {}, 422, event="issues")
    post("/choice", {}, 422, event="fork"), post("/choice", {}, 200, event="star")  # unwanted
    post("/hostile", {"a": "a" * 40000 + "!"}, 422)  # past the limit of a pattern
    expect(server.count(), 4, "events in the journal")
