"""XML becomes a payload that conditions, templates, schemas, envelope, verify and replay use; the
body stays what was sent, and bombs are refused at once."""
import json

from harness import PATIENCE, Server, ensure, expect, route, script

XML = {"Content-Type": "application/xml; charset=utf-8"}
ORDER = b"""<?xml version="1.0"?>
<o:order xmlns:o="x" id="7"><item n="2">tea &amp; milk</item><item>caf\xc3\xa9</item></o:order>"""
MADE = {"order": {"-o": "x", "-id": "7", "item": [{"-n": "2", "#text": "tea & milk"}, "café"]}}
SHELL = 'cat >"$OUT/body"; echo "$1" >"$OUT/values"'
VALUES = '{{payload.order.-id}} {{payload.order.item[0]["#text"]}} {{payload.order.item[*] | json}}'
actions = [{"command": ["sh", "-c", SHELL, "sh", VALUES], "env": {"OUT": "@OUT@"}},
           script('cat >"$OUT/event"', stdin="event")]
when = [{"value": "payload.order.-id", "equals": "7"}]
hook = route(content="xml", auth={"none": True}, actions=actions, max_body="8MiB", when=when,
             schema="order.json", schema_action="quarantine")
BOMBS = {"nested": b"<a>" * 1000000, "values": b"<r>" + b"<a/>" * 1100000, "entities": b"<!DOCTYPE "
         b"a [<!ENTITY b 'bb'><!ENTITY c '&b;&b;'>]><a>&c;</a>", "outside": b"<!DOCTYPE a SYSTEM "
         b"'file:///etc/passwd'><a/>", "names": b"<r " + b"".join(
             b'a%x="" ' % i for i in range(600000)) + b"/>"}
with Server([hook], start=False) as server:
    server.write("order.json", {"required": ["other"]})
    server.start()
    first = server.request("POST", "/hook", ORDER, XML).json()["id"]
    expect(server.query("SELECT state FROM delivery"), [("dead",), ("dead",)], "quarantined")
    server.write("order.json", {"properties": {"order": {"required": ["-id"]}}})
    expect(server.tool("verify", "--event", first).returncode, 1, "it would be taken now")
    expect(server.tool("replay", first).stdout, "1 event, 2 deliveries pending again\n")
    server.wait_settled()
    expect(server.read("body"), ORDER, "the body as it was sent")
    expect(server.read("values").decode(), '7 tea & milk {"-n":"2","#text":"tea & milk"}\n')
    for said in (server.read("event"), server.tool("events", "show", first, "--json").stdout):
        expect(json.loads(said)["payload"], MADE)
    for name, body in BOMBS.items():
        before = server.cpu_seconds()
        status = server.request("POST", "/hook", body, XML).status
        spent = server.cpu_seconds() - before
        ensure(status in (400, 413) and spent < PATIENCE, f"{name}: {status}, {spent} s")
    expect(server.request("POST", "/hook", b"<order id='8'/>", XML).status, 200, "ignored")
