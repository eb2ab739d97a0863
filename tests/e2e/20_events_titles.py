"""A title says what an event is about, wherever events are listed: from the sender's preset, or as
the route says."""
import json

from harness import Server, ensure, expect, route

PUSH = {"ref": "refs/heads/main", "repository": {"full_name": "ada/engine"},
        "head_commit": {"message": "mend it\n\nand\x1b[1m more"}}
routes = [route("preset"), route("own", title="{{payload.ref}} of {{payload.nobody}}"),
          route("none", title="")]
with Server(routes) as server:
    for number, name in enumerate(("preset", "own", "none")):
        expect(server.post("/" + name, json.dumps(PUSH).encode(), delivery=str(number)).status, 202)
    server.wait_settled()
    titles = {"preset": "ada/engine refs/heads/main mend it and [1m more",
              "own": "refs/heads/main of", "none": ""}
    lines = server.tool("events", "list").stdout.splitlines()
    ensure(lines[0].endswith("  TITLE"), lines[0])
    for line in lines[1:]:
        name, title = line.split(maxsplit=5)[3], line.split(maxsplit=5)[5]
        expect(title, titles[name] or "-")
    for line in server.tool("events", "list", "--json").stdout.splitlines():
        event = json.loads(line)
        expect(event["title"], titles[event["route"]])
        shown = server.tool("events", "show", event["id"]).stdout
        expect(f"title         {event['title']}\n" in shown, bool(event["title"]), shown)
print(f"{len(titles)} titles in lists and details")
