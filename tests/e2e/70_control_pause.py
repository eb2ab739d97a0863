"""When `pause` has returned, nothing of the route begins any more, because the server has taken
note of it; an operator's program can ask for the same."""
from control import ask
from harness import Server, ensure, expect, ledger, route

with Server([route(actions=[ledger()])]) as server:
    sent = []

    def send(count):
        for _ in range(count):
            answer = server.post("/hook", b"{}")
            expect(answer.status, 202)
            sent.append(answer.json()["id"])

    def pause_and_send():
        ensure("is paused" in server.tool("pause", "hook").stdout, "pause")
        waiting = len(sent)
        send(5)
        expect(server.count("delivery", "state = 'pending'"), 5, "those that wait")
        ensure(not set(server.ledger()) & set(sent[waiting:]), "none has begun")

    for _ in range(5):
        pause_and_send()
        ensure("is resumed" in server.tool("resume", "hook").stdout, "resume")
        server.wait_settled()
    pause_and_send()
    server.reload()
    expect(ask(server, verb="refresh"), [{"end": "done"}])
    server.tool("resume", "hook")
    server.wait_settled()
    expect(sorted(server.ledger()), sent)
