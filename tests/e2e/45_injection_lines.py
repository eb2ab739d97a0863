"""A value in a line of a pipe stays inside of its line and of its field, and can be had back; an
event without the value is refused."""
import json
import re
from urllib.parse import quote

import hostile
from harness import Server, ensure, expect, route
from pipes import Reader

LINE = "{{event.id}}\t{{payload.v}}\t{{query.q | default none}}\t{{payload | json}}"
SHORT = dict(zip("\\nrt", "\\\n\r\t"))
PIPE = {"pipe": "@OUT@/lines", "create": "0600", "format": {"line": LINE}}


def undo(field):
    return re.sub(r"\\(u....|.)", lambda m: SHORT.get(m[1]) or chr(int(m[1][1:], 16)), field)


with Server([route("run", auth={"none": True}, actions=[PIPE], max_body="4MiB")]) as server:
    texts, ids = [text for text in hostile.texts(server) + hostile.NUL if len(text) < 1000], []
    reader = Reader(f"{server.out}/lines")
    with server.connect() as connection:
        def post(body, query=""):
            return connection.request("POST", "/run" + query, json.dumps(body).encode(),
                                      {"Content-Type": "application/json"})

        for text in texts:
            ids.append(post({"v": text, "w": [text]}, "?q=" + quote(text, safe="")).json()["id"])
        missing = post({"w": 1})
        expect(missing.status, 422, "a value is missing")
        ensure("payload.v in the line of the pipe is missing" in missing.json()["message"], missing)
        expect(post({"v": "x" * (1 << 20)}).status, 422, "longer than a line may be")
    reader.wait_lines(len(texts))
    reader.close()
    said = bytes(reader.data).decode()
    rows = [line.split("\t") for line in said.split("\n")[:-1]]
    expect([(row[0], undo(row[1]), undo(row[2]), json.loads(row[3])) for row in rows],
           [(i, text, text, {"v": text, "w": [text]}) for i, text in zip(ids, texts)])
    ensure(not re.search("[\0-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029]", said), "all are escaped")
