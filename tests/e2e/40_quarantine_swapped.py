"""What the schema refused is not carried out because a copy with the same body conforms: one whose
media type, headers or query differ, by which the schema sees other JSON, is an event of its own."""
from harness import Server, expect, route, script

SCHEMA = {"properties": {"subject": {"const": "good"}, "a": {"const": "good"}}}
KEEP = script('echo "$SAID" >>"$OUT/said"', stdin="none")
KEEP["env"]["SAID"] = "{{payload.subject | default -}} {{payload.a | default -}}"
OPEN = {"auth": {"none": True}, "schema_action": "quarantine", "actions": [KEEP]}
EVENT = {"ce-id": "1", "ce-source": "s", "ce-type": "t", "ce-specversion": "1.0"}
# one body, which is another form with another boundary
FORM = "--{0}\r\nContent-Disposition: form-data; name=p\r\n\r\n{1}\r\n--{0}--\r\n"
TWO = (FORM.format("X", '{"a":"bad"}') + FORM.format("Y", '{"a":"good"}')).encode()

with Server([route("event", content="cloudevents", schema="s.json", **OPEN),
             route("form", content="multipart", json_field="p", schema="s.json", **OPEN,
                   delivery="header.x-id"),
             route("by", content="json", delivery="header.x-id", **OPEN,
                   schema={"by": "query.k", "strict": "s.json", "loose": "any.json"})],
            start=False) as server:
    server.write("s.json", SCHEMA)
    server.write("any.json", {})
    server.start()
    for path, body, headers in (("/event?", b"x", lambda word: {**EVENT, "ce-subject": word}),
                                ("/form?", TWO, lambda word: {
                                    "X-Id": "1", "Content-Type": "multipart/form-data; boundary="
                                    + {"bad": "X", "good": "Y"}[word]}),
                                ("/by?k=", b'{"a":"bad"}', lambda word: {
                                    "X-Id": "1", "Content-Type": "application/json"})):
        kinds = ("strict", "loose") if path[-1] == "=" else ("", "")
        first, copy = (server.request("POST", path + kind, body, headers(word))
                       for kind, word in zip(kinds, ("bad", "good")))
        expect((first.status, copy.status, "again" in copy.json()), (202, 202, False))
    server.wait_settled()
    expect(sorted(server.read("said").split(b"\n")), [b"", b"- bad", b"- good", b"good -"])
    expect(server.query("SELECT state, count(*) FROM delivery GROUP BY 1"),
           [("dead", 3), ("done", 3)])
