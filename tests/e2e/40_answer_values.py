"""Values of the event stand in the answer, and the id that it was given; a copy has the id of the
first, and what is ignored has only the status."""
from harness import Server, expect, ledger, route

JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def fixed(name, **keys):
    return route(name, auth={"none": True}, delivery="header.x-id", actions=[ledger()], **keys)


routes = [fixed("said", content="auto", respond={
    "status": 200, "body": "on it, {{form.text}} ({{event.id}})",
    "headers": {"X-Id": "{{event.id}}", "X-None": '{{query.none | default ""}}'}}),
    fixed("json", events=["push"], event="payload.type", respond={
        "status": 201, "type": "application/json",
        "body": '{"you": {{payload.user | json}}, "id": {{event.id | json}}, "}": "}}"}'})]
CASES = (("/said", FORM, b"text=hello", 200, "on it, hello ({id})"),
         ("/said", FORM, b"text=%7B%7Bevent.id%7D%7D", 200, "on it, {{event.id}} ({id})"),
         ("/json", JSON, b'{"type":"push","user":{"a" : "\\u00e9"}}', 201,
          '{"you": {"a":"\\u00e9"}, "id": "{id}", "}": "}}"}'),
         ("/json", JSON, b'{"type":"push","user":[1e400, "x"]}', 201,
          '{"you": [1e400,"x"], "id": "{id}", "}": "}}"}'))
with Server(routes) as server:
    for number, (path, kind, body, status, said) in enumerate(CASES):
        for _ in range(2):
            answer = server.request("POST", path, body, {**kind, "X-Id": str(number)})
            event = server.query("SELECT id FROM event ORDER BY seq DESC LIMIT 1")[0][0]
            expect((answer.status, answer.body.decode()), (status, said.replace("{id}", event)))
            expect((answer.headers.get("x-id"), answer.headers.get("x-none")),
                   (event if path == "/said" else None, None))
    answer = server.request("POST", "/json", b'{"type":"star"}', JSON)
    expect((answer.status, sorted(answer.json())), (201, ["ignored"]))
    server.wait_settled()
    expect((len(server.ledger()), server.count()), (len(CASES), len(CASES)))
print(f"{len(CASES)} answers with values, and their copies")
