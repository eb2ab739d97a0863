"""A command that leaves a grandchild holding its output is done when it exits: nobody waits for the
pipe's end."""
import time

from harness import PATIENCE, Server, ensure, expect, ledger, route, script, wait_until

leaves = script('setsid sleep 600 & echo $! >"$OUT/grandchild"; echo said', stdin="none",
                timeout="30s")
with Server([route("leaves", actions=[leaves]), route(actions=[ledger()])],
            server={"cgroup": "off"}) as server:
    begun = time.monotonic()
    event = server.post("/leaves", b"{}").json()["id"]
    wait_until(lambda: server.count("delivery", "state = 'done'") == 1, "the command to be done")
    took = time.monotonic() - begun
    ensure(took < 3 * PATIENCE, f"done after {took:.1f} s, not when the grandchild ends")
    expect(server.query("SELECT output FROM output")[0][0], b"said\n", "the output")
    expect(server.post("/hook", b"{}").status, 202)
    wait_until(server.ledger, "the next event")
    ensure("done" in server.tool("events", "show", event).stdout, "events show says so")
    server.kill(int(server.read("grandchild")))
print(f"done after {took:.2f} s with its output, the grandchild still alive")
