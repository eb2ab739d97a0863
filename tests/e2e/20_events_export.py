"""`events export` writes whole events as lines of JSON, byte for byte where asked, and goes on
where it was cut off."""
import base64
import json

from harness import Server, ensure, expect, route, script

BODIES = [b'{"a": "\xc3\xa9\\u0001",\n "b": [1, 2.50]}', b"\x00\xff raw \x1b[2J", b"", b"[]"]
with Server([route(actions=[script("cat; echo oops >&2; exit 1", name="run")], content="auto",
                   auth={"none": True})]) as server:
    def exported(*words):
        out = server.tool("events", "export", *words)
        expect(out.returncode, 0, out.stderr)
        ensure("\x1b" not in out.stdout, "a control byte")
        return [json.loads(line) for line in out.stdout.splitlines()]

    for body in BODIES:
        kind = "application/json" if body[:1] in (b"{", b"[") else "application/octet-stream"
        expect(server.request("POST", "/hook?q=1", body, {"Content-Type": kind}).status, 202)
    server.wait_settled()
    events = exported()
    expect([event["seq"] for event in events], [1, 2, 3, 4], "the oldest first")
    for event, body in zip(exported("--exact"), BODIES):
        expect(base64.b64decode(event["body_base64"]), body, "byte for byte")
    expect([event.get("body") for event in events],
           [{"a": "\xe9\x01", "b": [1, 2.5]}, None, None, []], "as JSON where it is JSON")
    expect(base64.b64decode(events[1]["body_base64"]), BODIES[1], "any other")
    run = events[0]["deliveries"][0]
    expect((run["action"], run["state"], run["exit_status"]), ("run", "dead", 1))
    expect((events[0]["query"], run["error_output"]), ({"q": "1"}, "oops\n"))
    expect(exported("--after", events[1]["id"]), events[2:], "goes on")
    expect(exported("--limit", "2"), events[:2], "a part")
    expect(exported("--since", "1h", "--text", "raw"), events[1:2], "a choice")
    gone = events[1]["id"][:-1] + "0"  # an id between two others, as after a prune
    expect(exported("--after", gone), events[1:] if gone < events[1]["id"] else events[2:])
