"""Workers have what the hard limit on open files allows the server, so many of them take nothing
from commands; what is started has the soft limit of the server."""
import resource

from facts import outputs
from harness import Server, expect, route, script, wait_until
from workers import worker_pids

SOFT, COUNT = 64, 24
hard = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
resource.setrlimit(resource.RLIMIT_NOFILE, (SOFT, hard))
stays = {"worker": ["/bin/cat"]}
routes = [route(f"worker{number}", actions=[stays]) for number in range(COUNT)]
limits = "exec 2>&1; ulimit -Sn; ulimit -Hn"
command = {**script(limits, stdin="none"), "name": "command"}
with Server([*routes, route(actions=[command])]) as server:
    wait_until(lambda: len(worker_pids(server)) == COUNT or "worker_failed" in server.log(),
               "the workers")
    expect("worker_failed" in server.log(), False, "workers that could not be started")
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
    expect(outputs(server)["command"].decode().split(), [str(SOFT), str(hard)])
