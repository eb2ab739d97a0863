"""A refusal and a quarantined event name their first failure, however long its place is."""
import json

from harness import Server, ensure, expect, route

NO = {"additionalProperties": False}
# from the evaluator: 4 KiB at most
PLACES = {"short": "/short", "~" * 2000: "/" + "~0" * 2000, "a" * 100000: "/…",
          # six bytes each in JSON
          "\x01" * 4000: "/" + "\x01" * 4000, "\x01" * 4090: "/" + "\x01" * 1299 + "…",
          "\x01" * 1298 + "é" + "\x01" * 2790: "/" + "\x01" * 1298 + "…",
          "\x01" * 1297 + "é" + "\x01" * 2790: "/" + "\x01" * 1297 + "é…"}

with Server([route("reject", schema=NO, max_body="1MiB"),
             route("keep", schema=NO, schema_action="quarantine", max_body="1MiB")]) as server:
    for number, (name, place) in enumerate(PLACES.items()):
        body = json.dumps({name: 1}).encode()
        refused = server.post("/reject", body)
        expect(refused.status, 422, name[:8])
        errors = refused.json()["errors"]
        expect(errors, [{"instanceLocation": place, "keywordLocation": "/additionalProperties",
                         "keyword": "additionalProperties", "message": "is not allowed here"}],
               name[:8])
        kept = server.post("/keep", body, delivery=f"delivery-{number}")
        expect((kept.status, kept.json()["quarantined"]), (202, True), name[:8])
        shown = server.tool("events", "show", kept.json()["id"], "--json")
        expect(json.loads(shown.stdout)["failures"], errors, "the reasons in the journal")
    many = {"\x01" * 2000 + str(i): 1 for i in range(12)}
    errors = server.post("/reject", json.dumps(many).encode()).json()["errors"]
    ensure(errors and all("…" not in error["instanceLocation"] for error in errors),
           "those that fit are whole")
print(f"{len(PLACES)} places, {len(errors)} of 12 long ones in one answer")
