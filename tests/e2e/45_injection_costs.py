"""Whatever a sender puts into a payload, conditions and templates cost a listener some dozen
milliseconds for it, or the event is refused with 422 that says so."""
from harness import PATIENCE, Server, ensure, expect, route

JSON = {"Content-Type": "application/json"}
A_EACH, VALUE = "payload.a[*]", "payload.a"
many = [{"value": "payload.a[*].b[*]", "equals": f"x{i}"} for i in range(10)]
same = [{"value": VALUE, "equals": f"x{i}"} for i in range(500)]
ROUTES = {  # the condition, and what costs most
    "nested": ({"any": many}, b'{"b":["x","y"]}', 300000), "same": ({"any": same}, None, b"\\n"),
    "list": ({"value": A_EACH, "in": [f"a{i}" for i in range(5000)]}, b'"b"', 300000),
    "numbers": ({"value": A_EACH, "greater": 1e9, "every": True}, b"9" * 900, 9000),
    "cubic": ({"value": VALUE, "matches": "a.*b.*c.*d$"}, None, b"ab"),
    "nothing": ({"value": VALUE, "matches": "xyz"}, None, b"ab"),
    "words": ({"value": VALUE, "matches": r"(\w+\s?)+d$"}, None, b"word "),
    "each": ({"value": A_EACH, "matches": "^(a|aa)+$"}, b'"aaaaaaaaaaaaaaaaaaaaaaaX"', 100000),
    "names": ({"any": [{"value": f"payload.a.n{i}", "exists": True} for i in range(99)]}, b"", 0)}
blank = {"command": ["true", *["{{payload.a}}{{payload.b}}"] * 200], "allow_dash": True}

def body(each, count):
    if each is None:
        return b'{"a":"' + count * (4000000 // len(count)) + b'","b":1}'
    if not each:
        return b'{"a":{' + b",".join(b'"m%d":1' % i for i in range(90000)) + b"}}"
    return b'{"a":[' + b",".join([each] * count) + b"]}"

routes = [route(name, auth={"none": True}, max_body="16MiB", when=[row[0]])
          for name, row in ROUTES.items()]
with Server([*routes, route("blank", auth={"none": True}, max_body="16MiB",
                            actions=[blank])]) as server, server.connect() as connection:
    sent = {name: body(*row[1:]) for name, row in ROUTES.items()}
    sent["blank"] = b'{"a":[' + b" " * 8000000 + b'],"b":[]}'
    for name, data in sent.items():
        before = server.cpu_seconds()
        answer = connection.request("POST", "/" + name, data, JSON)
        spent = server.cpu_seconds() - before
        ensure(spent < PATIENCE, f"{name}: {spent:.2f} s")
        expect(answer.status, {"nothing": 200, "numbers": 202}.get(name, 422), name)
