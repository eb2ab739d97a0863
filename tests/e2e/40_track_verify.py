"""verify says where the link of an event would be, for a captured request that would be stored."""
import json

from harness import Server, ensure, expect
from links import tracked

HEAD = "{} HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n{}"
with Server([tracked(path="/hook/*"), tracked("off", track=False)], start=False) as server:
    cases = (("POST /hook/a/b?c=d", "{}", "/hook/events/ID?token=TOKEN"), ("POST /off", "{}", None),
             ("POST /hook/a", "no", None), ("POST /nowhere", "{}", None))
    for number, (line, body, wanted) in enumerate(cases):
        file = server.write(str(number), HEAD.format(line, len(body), body))
        told = json.loads(server.tool("verify", "--json", "--request", file).stdout)
        expect(told.get("location"), wanted, line)
        text = server.tool("verify", "--request", file).stdout
        ensure(("\nlocation   /hook/events/ID?token=TOKEN\n" in text) == bool(wanted), text)
