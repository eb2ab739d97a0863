"""A second server on the same journal says so and leaves with 3; the first goes on."""
import subprocess
import time

from harness import PATIENCE, PROGRAM, Server, ensure, expect, ledger, route

with Server([route(actions=[ledger()])]) as server:
    begun = time.monotonic()
    second = subprocess.run([PROGRAM, "serve", "-c", server.file], capture_output=True, text=True,
                            timeout=20 * PATIENCE, check=False)
    took = time.monotonic() - begun
    expect(second.returncode, 3, "exit status of the second")
    ensure("journal" in second.stderr, f"it says why: {second.stderr}")
    ensure(took < PATIENCE, f"it left after {took:.1f} s")
    expect(second.stdout, "", "it never says that it listens")
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
    expect(len(server.ledger()), 1)
print(second.stderr.strip().splitlines()[-1])
