"""What a worker has started, in sessions of its own too, ends with it where it has a cgroup, before
the next worker begins."""
from harness import Server, expect, route, wait_until
from trees import LEAVE, cgroup_of, kill_all, living, wait_said
from workers import worker, worker_pids

LEAVES = f"""
import subprocess
for event in events():
    subprocess.run(["sh", "-c", {chr(10).join(LEAVE.values())!r}])
    say(event, ok=True)
"""
with Server([route(actions=[worker(LEAVES)])]) as server:
    cgroup_of(server)
    try:
        server.post("/hook", b'"leave"')
        server.wait_settled()
        wait_said(server, 4)
        expect(len(living(server)), 4)
        server.kill(worker_pids(server)[0])
        wait_until(lambda: len(worker_pids(server)) == 2, "the next worker")
        expect(living(server), [], "what lives when the next worker begins")
    finally:
        kill_all(server)
