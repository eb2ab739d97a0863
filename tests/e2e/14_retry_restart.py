"""A restart between two attempts, however the server ends, changes neither when the next one is due
nor how many are left."""
from harness import Server, ensure, expect, route, script, wait_until

DUE = "SELECT due_ms, wait_ms, attempt, failures FROM delivery WHERE state = 'pending'"
with Server([route(actions=[script('[ "$TENTERHOOK_ATTEMPT" = 2 ] || exit 75', stdin="none",
                                   retry={"attempts": 2, "backoff": "6s"})])]) as server:
    expect(server.post("/hook", b"{}").status, 202)
    due = wait_until(lambda: server.query(DUE + " AND attempt = 1"), "the first attempt to end")
    server.stop()
    server.start()
    expect(server.query(DUE), due, "after a stop")
    server.kill_all()
    server.start()
    expect(server.query(DUE), due, "after a crash")
    server.reload()
    expect(server.query(DUE), due, "after a reload")
    server.wait_settled()
    row = server.query("SELECT state, attempt, failures, started_ms FROM delivery")[0]
    expect(row[:3], ("done", 2, 1))
    ensure(0 <= row[3] - due[0][0] < 5000, f"started {row[3] - due[0][0]} ms after it was due")
