"""A command that sleeps for ever and ignores TERM is killed with its whole group, and others are
served meanwhile."""
import time

from harness import (PATIENCE, Server, ensure, expect, ledger, process_stat, route, script,
                     wait_until)

stubborn = script('trap "" TERM; echo $$ >"$OUT/pid"; (trap "" TERM; echo 1; exec sleep 600) & '
                  'echo $! >"$OUT/child"; while :; do sleep 600; done', timeout="1s",
                  kill_after="1s")
with Server([route("stubborn", actions=[stubborn]), route(actions=[ledger()])]) as server:
    begun = time.monotonic()
    event = server.post("/stubborn", b"{}").json()["id"]
    wait_until(lambda: server.read("child").strip(), "the command to run")
    expect(server.post("/hook", b"{}").status, 202)
    wait_until(server.ledger, "the other route's command, meanwhile")
    ensure(time.monotonic() - begun < 2 or PATIENCE > 1, "the other was not held up")
    wait_until(lambda: server.count("delivery", "state = 'dead'") == 1, "the end of the command")
    took = time.monotonic() - begun
    ensure(2 <= took < 3.5 * PATIENCE, f"1 s of timeout and 1 s of grace, not {took:.1f} s")
    for name in ("pid", "child"):
        wait_until(lambda: (process_stat(int(server.read(name))) or (0, "Z"))[1] == "Z",
                   f"the end of {name}")
    reason = server.query("SELECT reason, signal FROM delivery WHERE state = 'dead'")[0]
    ensure("time" in reason[0], f"the reason says so: {reason}")
    shown = server.tool("events", "show", event).stdout
    ensure("dead" in shown and reason[0] in shown, f"events show says so: {shown}")
print(f"ended after {took:.1f} s: {reason[0]}")
