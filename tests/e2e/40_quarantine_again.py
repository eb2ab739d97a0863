"""A redelivery of what the schema refused runs it once the schema takes it; one that still does not
conform runs nothing."""
import json

from harness import Server, expect, ledger, route

with Server([route(schema="hook.json", schema_action="quarantine",
                   actions=[ledger(), ledger("second")])], start=False) as server:
    def write_schema(kind):
        with open(f"{server.directory}/hook.json", "w") as file:
            json.dump({"properties": {"id": {"type": kind}}}, file)

    def send(body=b'{"id": 7}'):
        answer = server.post("/hook", body, delivery="one")
        return answer.status, answer.json()

    write_schema("string")
    server.start()
    event, first = send()[1]["id"], server.post("/hook", b'{"id": 7}', delivery="two").json()["id"]
    expect(send(), (200, {"id": event, "duplicate": True, "replay": f"tenterhook replay {event}"}))
    server.wait_log(f'duplicate id={event} .*"it does not conform to the schema of its route')
    write_schema("integer")
    server.reload()
    server.wait_log("generation_left generation=1")  # whose listeners know the older schema
    other = send(b'{"id": 8}')
    expect((other[0], other[1]["id"] != event), (202, True),
           "another body says nothing about the first")
    server.wait_settled()
    expect(server.query("SELECT state, count(*) FROM delivery GROUP BY 1"),
           [("dead", 4), ("done", 2)])
    answer = server.post("/hook", b'{"id": 7}', delivery="two")
    expect((answer.status, answer.json()), (202, {"id": first, "again": True}))
    server.wait_settled()
    expect((server.ledger(), server.ledger("second")), ([other[1]["id"], first],) * 2,
           "carried out")
print("nothing runs while the schema refuses it; then the redelivery runs it, and another body is "
      "another event")
