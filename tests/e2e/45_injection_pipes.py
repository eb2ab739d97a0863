"""A value in a pipe is inside of its frame: as many frames as events, each of them JSON with that
value, in lines, as bodies and with lengths; a form and a query too."""
import json
import struct
from urllib.parse import quote

import hostile
from harness import Server, expect, route
from pipes import Reader

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
FORMATS = ("json-lines", "body", "length")
actions = {"run": [{"pipe": "@OUT@/" + name, "create": "0600", "format": name} for name in FORMATS],
           "form": [{"pipe": "@OUT@/form", "create": "0600"}]}
with Server([route(name, auth={"none": True}, content="auto", actions=actions[name])
             for name in actions]) as server:
    readers = {name: Reader(f"{server.out}/{name}") for name in (*FORMATS, "form")}
    texts = [text for text in hostile.texts(server) + hostile.NUL if len(text) < 1000]
    with server.connect() as connection:
        for number, text in enumerate(texts):
            query = quote(text, safe="")
            body = json.dumps({"v": text, "w": [text]}, indent=number % 3 or None)
            for path, kind, sent in (("/run", JSON, body), ("/form", FORM, "f=" + query)):
                answer = connection.request("POST", f"{path}?q={query}", sent.encode(), kind)
                expect(answer.status, 202, text)
    server.wait_settled()
    for reader in readers.values():
        reader.close()
    said = {name: bytes(reader.data) for name, reader in readers.items()}
    rest, framed = said.pop("length"), []
    while rest:
        end = 4 + struct.unpack(">I", rest[:4])[0]
        framed.append(json.loads(rest[4:end]))
        rest = rest[end:]
    rows = {name: list(map(json.loads, text.splitlines())) for name, text in said.items()}
    for envelopes in (rows["json-lines"], framed, [{"payload": body} for body in rows["body"]]):
        expect([row["payload"] for row in envelopes], [{"v": text, "w": [text]} for text in texts])
    expect([row["query"] for row in rows["json-lines"]], [{"q": text} for text in texts])
    expect([row["form"] for row in rows["form"]], [{"f": text} for text in texts], "fields")
