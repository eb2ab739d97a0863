"""A command that exits with 75 runs again, later each time, until it exits with 0; an earlier
attempt leaves its times, exit and output behind, and the others of its route go on."""
from harness import Server, ensure, expect, route, script, wait_until

TRY = """echo "attempt $TENTERHOOK_ATTEMPT"
[ "$(cat)" = later ] || exit 0
[ "$TENTERHOOK_ATTEMPT" -ge 3 ] || exit 75"""
with Server([route(content="raw", actions=[
        script(TRY, stdin="body", retry={"backoff": "600ms"})])]) as server:
    expect(server.post("/hook", b"later").status, 202)
    wait_until(lambda: server.query("SELECT 1 FROM delivery WHERE state = 'pending' AND attempt"),
               "the first attempt to end")
    row = server.query("SELECT failures, wait_ms, due_ms - ended_ms, reason, exit_status"
                       " FROM delivery")[0]
    expect(row[0], 1, "failed attempts")
    ensure(300 <= row[1] <= 600 and row[1] - 5 <= row[2] <= row[1] + 1000, f"when it is due: {row}")
    expect(row[3:], ("exited with status 75", 75))
    expect(server.post("/hook", b"now").status, 202)
    wait_until(lambda: server.count("delivery", "state = 'done'") == 1, "the next event")
    server.wait_settled()
    expect(server.query("SELECT attempt, failures, state, exit_status FROM delivery"),
           [(3, 2, "done", 0), (1, 0, "done", 0)])
    kept = server.query("SELECT number, exit_status, reason, output, ended_ms, started_ms"
                        " FROM attempt ORDER BY number")
    expect([tuple(one[:4]) for one in kept],
           [(number, 75, "exited with status 75", b"attempt %d\n" % number) for number in (1, 2)])
    waits = [server.query("SELECT started_ms FROM delivery")[0][0] - kept[1][4],
             kept[1][5] - kept[0][4]]
    ensure(waits[0] >= 590 and waits[1] >= 290, f"the pauses between attempts: {waits}")
    expect(len([line for line in server.log().splitlines() if " retries " in line]), 2)
    expect(server.query("SELECT output FROM output"), [(b"attempt 3\n",), (b"attempt 1\n",)])
