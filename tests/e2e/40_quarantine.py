"""Under quarantine a wrong event is dead with its reasons, and replayed with a mended schema."""
import json

from harness import Server, ensure, expect, ledger, route, script

ROUTES = [route(schema="hook.json", schema_action="quarantine",
                actions=[ledger(), ledger("second")]),
          route("failing", actions=[script('[ -e "$OUT/mended" ]')])]
with Server(ROUTES, start=False) as server:
    server.write("hook.json", {"properties": {"id": {"type": "string"}}})
    server.start()
    answer = server.post("/hook", b'{"id": 7}', delivery="delivery-1")
    expect((answer.status, answer.json()["quarantined"]), (202, True))
    event = answer.json()["id"]
    again = server.post("/hook", b'{"id": 7}', delivery="delivery-1").json()
    expect((again["id"], again["duplicate"]), (event, True))
    server.wait_log(f"quarantined.*{event}.*/id must be a string, it is an integer")
    expect(server.query("SELECT state, count(*) FROM delivery GROUP BY 1"), [("dead", 2)])
    shown = server.tool("events", "show", event)
    ensure("/id must be a string, it is an integer" in shown.stdout, shown.stdout)
    detail = json.loads(server.tool("events", "show", event, "--json").stdout)
    expect(detail["failures"][0]["instanceLocation"], "/id")
    refused = server.tool("replay", event)
    expect(refused.returncode, 1, "a replay before the schema is mended")
    ensure("/id must be a string" in refused.stderr, refused.stderr)
    server.write("hook.json", {"properties": {"id": {"type": "integer"}}})
    expect(server.tool("replay", event).stdout, "1 event, 2 deliveries pending again\n")
    server.wait_settled()
    expect((server.ledger(), server.ledger("second")), ([event], [event]), "carried out")
    detail = json.loads(server.tool("events", "show", event, "--json").stdout)
    ensure("failures" not in detail, "the reasons are gone")
    failed = [server.post("/failing", b"{}").json()["id"] for _ in range(3)]
    server.wait_settled()
    expect(server.count("delivery", "state = 'dead'"), 3)
    open(f"{server.out}/mended", "w").close()
    replayed = server.tool("replay", "--dead", "--route", "failing")
    expect(replayed.stdout, "3 events, 3 deliveries pending again\n")
    server.wait_settled()
    expect(server.count("delivery", "state = 'dead'"), 0)
    expect(server.tool("replay", failed[0]).stdout, "1 event, 1 delivery pending again\n")
