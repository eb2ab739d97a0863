"""Deep and large JSON is taken up to the route's limits; a refusal names the limit or name."""
import json

from harness import Server, expect, route, script

JSON = {"Content-Type": "application/json"}


def deep(levels):
    return b'{"a":' * levels + b"1" + b"}" * levels


commit = {"id": "f" * 40, "message": "m" * 60, "author": {"name": "a", "email": "a@example.org"},
          "modified": ["b.c"], "added": [f"src/{i}.c" for i in range(300)]}
push = json.dumps({"commits": [commit] * 2048}).encode()  # as many as GitHub sends at most
names = json.dumps(dict.fromkeys(range(100001), 0), separators=(",", ":")).encode()
ROUTES = {"plain": {"actions": [script('cat >/dev/null; echo 1 >>"$OUT/ledger"', stdin="event")]},
          "large": {"max_body": "25MiB", "schema": {"required": ["commits"]}},
          "deepest": {"json": {"depth": 1000}, "schema": {"additionalProperties": {"$ref": "#"}}},
          "narrow": {"json": {"depth": 2, "values": 5, "surrogates": "refuse"}},
          "last": {"json": {"repeated": "last"}, "schema": {"properties": {"a": {"const": 2}}}}}
CASES = [  # route, body, status, of the answer
    ("plain", deep(128), 202, ""), ("plain", deep(129), 400, "128 levels, the limit json.depth"),
    ("plain", json.dumps([0] * 150000).encode(), 202, ""), ("plain", b'"\\ud83d cut"', 202, ""),
    ("plain", b"[" + b"0," * 400000 + b"0]", 400, "262144 values, the limit json.values"),
    ("plain", b'{"a":{"b":1,"al\\u0065rt":1,"alert":2}}', 400, 'the name "alert" comes twice'),
    ("deepest", deep(1000), 202, ""), ("deepest", deep(1001), 400, "deeper than 1000"),
    ("plain", names, 400, "100000 names in one object"), ("narrow", b"[[1]]", 202, ""),
    ("narrow", b"[[[]]]", 400, "deeper than 2"), ("narrow", b'"\\udc00"', 400, "surrogate"),
    ("narrow", b"[1,2,3,4,5]", 400, "more than 5 values"), ("last", b'{"a":1,"a":2}', 202, ""),
    ("last", b'{"a":2,"a":1}', 422, "must be 2"), ("large", push, 202, ""),
    ("large", b"[" + b"{}," * 1000000 + b"{}]", 422, "more memory")]
with Server([route(name, auth={"none": True}, **keys) for name, keys in ROUTES.items()]) as server:
    for path, body, status, said in CASES:
        answer = server.request("POST", "/" + path, body, JSON)
        expect(answer.status, status, f"{path} {body[:40]!r} {answer.body[:200]!r}")
        text = answer.body.decode()
        expect(said in (json.loads(text).get("message", "") + text), True, text)
    server.wait_settled()
    expect(len(server.ledger()), 3)
