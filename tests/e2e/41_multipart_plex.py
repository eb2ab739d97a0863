"""JSON in a field of a multipart form, as Plex sends it, or in a file of it, is the payload."""
import json
import urllib.parse

from harness import Server, expect, route, script
from multipart import field, file, multipart
from senders import SECRET

PATH = "/plex?token=" + urllib.parse.quote(SECRET)
GIVEN = script('cat >"$OUT/event"; cat "$TENTERHOOK_FILES/$TENTERHOOK_FILE_COUNT" >"$OUT/thumb"',
               stdin="event")
THUMB = file("thumb", "thumb.jpg", b"\xff\xd8\xff\r\n--", "image/jpeg")
with Server([route("plex", auth={"token": {"query": "token", "value": SECRET}}, content="multipart",
                   json_field="payload", schema={"required": ["Metadata"]}, event="payload.event",
                   events=["media.*"], dedupe={"key": "payload.Metadata.id"},
                   actions=[GIVEN, script('cat >"$OUT/stdin"')])]) as server:
    def send(*parts):
        headers, body = multipart(*parts)
        status = server.request("POST", PATH, body, headers).status
        server.wait_settled()
        return status

    def text(number):
        return json.dumps({"event": "media.play", "Metadata": {"id": str(number)}}).encode()

    for number, payload in enumerate((
            field("payload", text(0), "Content-Type: application/json\r\n"),
            field("payload", text(1)), file("payload", "p.json", text(2), "application/json"),
            ('name="payload"; filename="x"', "", text(3)))):
        expect(send(payload, field("user", "ada"), THUMB), 202, payload)
        event = json.loads(server.read("event"))
        expect((event["payload"], event["event"], event["form"], "body_base64" in event),
               (json.loads(text(number)), "media.play", {"user": "ada"}, False))
        expect((server.read("stdin"), server.read("thumb")), (text(number), THUMB[2]))
    expect(send(field("payload", text(1))), 200, "a copy")
    for parts in ([THUMB], [field("payload", "{")], [field("payload", "{}")] * 2):
        expect(send(*parts), 400, parts)
    expect(send(field("payload", '{"event":"media.stop"}')), 422, "not what the schema wants")
