"""JSON in a field of a form gives what JSON in the body gives; the form stays as it was signed."""
import urllib.parse

from harness import Server, ensure, expect, route, script
from senders import github_headers

FORM = {"Content-Type": "application/x-www-form-urlencoded"}
ACTIONS = [script('cat >"$OUT/$TENTERHOOK_ROUTE.event"', stdin="event"),
           script('cat >"$OUT/$TENTERHOOK_ROUTE.body"')]
ROUTES = [route(actions=ACTIONS, schema="hook.json", schema_action="quarantine"),
          route("own", content="json_or_form", json_field="data", auth={"none": True},
                json={"bom": "accept"}, actions=ACTIONS)]
TEXT = '{"ref": "refs/heads/main", "n": 12345678901234567890123, "e": "\\u00e4 &+%"}'


def form(**fields):
    return urllib.parse.urlencode(fields).encode()


with Server(ROUTES, start=False) as server:
    server.write("hook.json", {"properties": {"ref": {"pattern": "^refs/"}}})
    server.start()
    for body, own in ((TEXT.encode(), {}), (form(payload=TEXT), FORM)):
        expect(server.request("POST", "/hook", body, {**github_headers(body), **own}).status, 202)
        server.wait_settled()
        expect(server.read("hook.body"), TEXT.encode(), "standard input")
        event = server.read("hook.event").decode()
        short = TEXT.replace('": ', '":').replace(', "', ',"')
        ensure(event.endswith(f',"payload":{short}}}\n'), event)
    expect(server.query("SELECT content FROM body WHERE json_field != ''"), [(form(payload=TEXT),)])
    body = form(payload='{"ref": "x"}')
    refused = server.request("POST", "/hook", body, {**github_headers(body), **FORM}).json()["id"]
    expect(server.tool("replay", refused).returncode, 1, "a replay before the schema is mended")
    server.write("hook.json", True)
    expect(server.tool("replay", refused).stdout, "1 event, 2 deliveries pending again\n")
    for name, value, wanted in (("data", "\ufeff[1]", 202), ("x", "1", 400), ("data", "{", 400)):
        expect(server.request("POST", "/own", form(**{name: value}), FORM).status, wanted, value)
    server.wait_settled()
    expect(server.read("own.body"), b"[1]", "without its mark")
print("the same payload, input and schema for both; a schema that is mended replays a form")
