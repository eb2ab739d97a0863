"""An event that a worker wants later is due then, through a restart too; that takes nothing from
the budget of attempts, and other events go on meanwhile."""
from harness import Server, ensure, expect, route, wait_until
from workers import worker

LATER = """
for event in events():
    note(f'{event["payload"]["name"]} {event["attempt"]}')
    if event["payload"]["name"] == "later" and event["attempt"] < 3:
        say(event, retry_after=0.1 if event["attempt"] == 1 else 3)
    else:
        say(event, ok=True)
"""
DUE = ("SELECT due_ms, wait_ms, failures, reason FROM delivery"
       " WHERE state = 'pending' AND attempt = 2")
with Server([route(actions=[worker(LATER, window=1, retry={"attempts": 1})])]) as server:
    for name in ("later", "next"):
        expect(server.post("/hook", b'{"name":"%s"}' % name.encode()).status, 202)
    due = wait_until(lambda: server.query(DUE), "the second attempt to end")
    expect(due[0][1:], (3000, 0, "the worker wanted it later"))
    wait_until(lambda: server.count("delivery", "state = 'done'") == 1, "the next event")
    server.stop()
    server.start()
    expect(server.query(DUE), due, "after a restart")
    server.wait_settled()
    row = server.query("SELECT state, attempt, failures, started_ms FROM delivery")[0]
    expect(row[:3], ("done", 3, 0))
    ensure(0 <= row[3] - due[0][0] < 3000, f"started {row[3] - due[0][0]} ms after it was due")
    said = server.read("ledger").decode().splitlines()
    expect([line for line in said if line.startswith("later")], ["later 1", "later 2", "later 3"])
    expect(server.count("attempt", "reason = 'the worker wanted it later'"), 2)
