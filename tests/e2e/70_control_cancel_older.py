"""cancel reaches what an older generation still runs, and what a server has left that was killed;
a redelivery or a replay runs it all the same."""
from harness import Server, ensure, expect, route, script, wait_until

def begin(body):
    count = len(server.ledger("begun"))
    event = server.post("/hook", body).json()["id"]
    wait_until(lambda: len(server.ledger("begun")) > count, "it to begin")
    return event

def states():
    return server.query("SELECT state, reason FROM delivery ORDER BY seq")

HANGS = script('echo x >>"$OUT/begun"; [ -e "$OUT/go" ] || exec sleep 600', name="hangs")
CANCELLED = ("dead", "cancelled")
with Server([route(actions=[HANGS])]) as server:
    older = begin(b"1")
    server.reload()
    expect(len(server.processes("runner")), 2)
    said = server.tool("cancel", older[:35])
    expect(said.returncode, 0, said.stderr)
    ensure("cancelled, its processes have ended" in said.stdout, said.stdout)
    wait_until(lambda: len(server.processes("runner")) == 1, "the older runner to leave")
    left = begin(b"2")
    server.kill_all()
    expect(states(), [CANCELLED, ("running", None)])
    expect(server.tool("cancel", left).returncode, 0, "it would run again at the next start")
    server.start()
    expect(states(), [CANCELLED, CANCELLED])
    server.write("out/go", "")
    expect(server.tool("replay", left).returncode, 0)
    server.wait_settled()
    expect(states(), [CANCELLED, ("done", None)])
