"""What a shell script runs has its grace between TERM and KILL too, at its timeout and when the
server stops."""
import os

from harness import Server, ensure, expect, ledger, route, script, wait_until

# the shell is gone at TERM; its child takes a second to put things in order
CHILD = r"""trap 'sleep 1; echo clean >>"$OUT/clean"; exit 0' TERM
echo $$ >"$OUT/up"
while :; do sleep 0.05; done"""


def run_child(**keys):
    return [script('sh "$OUT/child"; echo after', stdin="none", **keys)]


with Server([route("timed", actions=run_child(timeout="1s", kill_after="30s")),
             route("stopped", actions=run_child(kill_after="30s")),
             route(actions=[ledger()])], start=False, server={"shutdown_grace": "10s"}) as server:
    with open(os.path.join(server.out, "child"), "w", encoding="ascii") as file:
        file.write(CHILD)
    server.start()
    server.post("/timed", b"{}")
    wait_until(lambda: server.read("up"), "the child to run")
    expect(server.post("/hook", b"{}").status, 202)
    wait_until(server.ledger, "the other route's command, meanwhile")
    server.wait_settled()
    expect(server.ledger("clean"), ["clean"], "what the child did after TERM")
    reason, milliseconds = server.query(
        "SELECT reason, duration_ms FROM delivery WHERE state = 'dead'")[0]
    ensure("timeout" in reason and 2000 <= milliseconds < 25000,
           f"{reason}, after {milliseconds} ms")
    os.unlink(os.path.join(server.out, "up"))
    server.post("/stopped", b"{}")
    wait_until(lambda: server.read("up"), "the child to run")
    server.stop()
    expect(server.ledger("clean"), ["clean", "clean"], "what the child did when the server stopped")
    expect(server.query("SELECT state FROM delivery ORDER BY seq DESC LIMIT 1"), [("pending",)])
print(f"timed out, cleaned up and ended after {milliseconds} ms; the same at a stop")
