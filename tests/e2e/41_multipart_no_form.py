"""A body that is no form when it comes is none when it is carried out: one that is the data of a
CloudEvent, and one with two media types. Conditions, commands and `verify` see the same values."""
import json

from harness import Server, ensure, expect, route, run_program, script
from multipart import field, multipart

EVENT = script('cat >"$OUT/event"', name="event", stdin="event")
VALUE = script('echo "$X" >"$OUT/value"', name="value", when=[{"value": "form.x", "exists": False}])
VALUE["env"]["X"] = "{{form.x | default none}}"
ID = script('echo "$ID" >"$OUT/id"', name="id")
ID["env"]["ID"] = "{{payload.id | default none}}"
ATTRIBUTES = [("ce-id", "7"), ("ce-source", "s"), ("ce-type", "t"), ("ce-specversion", "1.0")]
form, body = multipart(field("x", "1"))
FORM = form["Content-Type"]
with Server([route("ce", auth={"none": True}, content="cloudevents", actions=[EVENT, ID]),
             route("auto", auth={"none": True}, content="auto", actions=[EVENT, VALUE])],
            plain=True) as server:
    def send(path, more, text=body):
        more = [("Host", "a"), ("Connection", "close"), ("Content-Length", len(text)), *more]
        head = "".join(f"{name}: {value}\r\n" for name, value in more)
        with server.connect(1) as raw:
            raw.send(f"POST {path} HTTP/1.1\r\n{head}\r\n".encode() + text)
            id_ = json.loads(raw.read_all().split(b"\r\n\r\n")[1])["id"]
        server.wait_settled()
        said = run_program("verify", "-c", server.file, "--event", id_).stdout
        ensure("nothing would be different" in said, said)
        return json.loads(server.read("event"))

    event = send("/ce", [*ATTRIBUTES, ("Content-Type", FORM)])
    expect((server.read("id"), event["payload"]["datacontenttype"]), (b"7\n", FORM))
    ensure("form" not in event and "files" not in event, event)
    event = send("/ce", [("ce-id", "8"), *ATTRIBUTES[1:], ("Content-Type", FORM),
                         ("content-type", "a/b")])
    ensure("datacontenttype" not in event["payload"], event)
    for types, text in (((FORM, "text/plain"), body),
                        (("application/x-www-form-urlencoded", "text/plain"), b"x=1")):
        event = send("/auto", [("Content-Type", one) for one in types], text)
        expect((event["content_type"], "form" in event, server.read("value")), ("", 0, b"none\n"))
    expect(send("/auto", [("Content-Type", FORM)] * 2)["form"], {"x": "1"})
