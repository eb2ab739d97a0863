"""An event that the answering action does not take is answered as any other; where it is one of a
choice, its output is the answer."""
from harness import Server, expect, ledger, route, script

JSON = {"Content-Type": "application/json"}
NAMES = {"status": {"0": 201}, "output": "names", "deadline": "60s"}
WANTS_NAMES = [{"value": "payload.ask", "equals": "names"}]
routes = [
    route("beside", auth={"none": True}, delivery="header.x-id", respond=NAMES, actions=[
        ledger(), {**script("printf 'ada, bo'"), "name": "names", "when": WANTS_NAMES}]),
    route("choice", auth={"none": True}, respond=NAMES, choose=[
        {**script("printf 'ada, bo'"), "name": "names", "when": WANTS_NAMES},
        {**ledger(), "else": True}])]
del routes[1]["actions"]
with Server(routes) as server:
    for path in ("/beside", "/choice"):
        for _ in range(2 if path == "/beside" else 1):
            answer = server.request("POST", path, b'{"ask": "names"}', {**JSON, "X-Id": "1"})
            expect((answer.status, answer.body), (201, b"ada, bo"))
        answer = server.request("POST", path, b'{"ask": "nothing"}', JSON)
        expect((answer.status, list(answer.json())), (202, ["id"]))
    server.wait_settled()
    expect(len(server.ledger()), 3)
print("outputs of actions that are chosen, and plain answers where they are not")
