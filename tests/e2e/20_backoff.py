"""What dies often waits longer and longer to be started again, and nobody else waits with it."""
import time

from harness import PATIENCE, Server, ensure, expect, ledger, route, wait_until


def kill_and_wait(server, role):
    """Seconds until there is another."""
    before = wait_until(lambda: server.processes(role), role)
    begun = time.monotonic()
    server.kill(before[0])
    wait_until(lambda: len(now := server.processes(role)) == len(before) and before[0] not in now,
               role, 30)
    return time.monotonic() - begun


with Server([route(actions=[ledger()])], server={"listeners": 1}) as server:
    waits = [kill_and_wait(server, "listener") for _ in range(5)]
    ensure(waits[4] > 1.5 > waits[0], f"the back-off grows: {waits}")
    runner = kill_and_wait(server, "runner")
    ensure(runner < PATIENCE, f"the runner's first death waits for nothing: {runner}")
    wait_until(lambda: server.post("/hook", b"{}").status == 202, "an event to be accepted")
    server.wait_settled()
    expect(len(server.ledger()), 1)
print("five deaths of a listener: " + ", ".join(f"{wait:.1f} s" for wait in waits)
      + f"; then one of the runner: {runner:.1f} s")
