"""Under quarantine a wrong event is dead with its reasons, and replayed with a mended schema."""
import json

from harness import Server, ensure, expect, ledger, route

with Server([route(schema="hook.json", schema_action="quarantine", actions=[ledger(), ledger("second")]),
             route("failing", actions=[{"shell": '[ -e "$OUT/mended" ]', "env": {"OUT": "@OUT@"}}])], start=False) as server:
    def write_schema(schema):
        with open(f"{server.directory}/hook.json", "w") as file:
            json.dump(schema, file)

    write_schema({"properties": {"id": {"type": "string"}}})
    server.start()
    answer = server.post("/hook", b'{"id": 7}', delivery="delivery-1")
    expect((answer.status, answer.json()["quarantined"]), (202, True))
    event = answer.json()["id"]
    ensure(server.post("/hook", b'{"id": 7}', delivery="delivery-1").json().items() >= {"id": event, "duplicate": True}.items(), "again")
    server.wait_log(f"quarantined.*{event}.*/id must be a string, it is an integer")
    expect(server.query("SELECT state, count(*) FROM delivery GROUP BY 1"), [("dead", 2)])
    shown = server.tool("events", "show", event)
    ensure("/id must be a string, it is an integer" in shown.stdout, shown.stdout)
    detail = json.loads(server.tool("events", "show", event, "--json").stdout)
    expect(detail["failures"][0]["instanceLocation"], "/id")
    refused = server.tool("replay", event)
    expect(refused.returncode, 1, "a replay before the schema is mended")
    ensure("/id must be a string" in refused.stderr, refused.stderr)
    write_schema({"properties": {"id": {"type": "integer"}}})
    expect(server.tool("replay", event).stdout, "1 event, 2 deliveries pending again\n")
    server.wait_settled()
    expect((server.ledger(), server.ledger("second")), ([event], [event]), "carried out")
    ensure("failures" not in json.loads(server.tool("events", "show", event, "--json").stdout), "the reasons are gone")
    failed = [server.post("/failing", b"{}").json()["id"] for _ in range(3)]
    server.wait_settled()
    expect(server.count("delivery", "state = 'dead'"), 3)
    open(f"{server.out}/mended", "w").close()
    expect(server.tool("replay", "--dead", "--route", "failing").stdout, "3 events, 3 deliveries pending again\n")
    server.wait_settled()
    expect(server.count("delivery", "state = 'dead'"), 0)
    expect(server.tool("replay", failed[0]).stdout, "1 event, 1 delivery pending again\n")  # one that was done
print("quarantined, shown with the reasons, refused before and replayed after mending; dead and done events replayed")
