"""A command for which the system gives no process is started when it does: nobody has to replay."""
from faults import injected
from harness import Server, expect, ledger, route

for cgroup, call in (("auto", "clone3"), ("off", "clone")):
    with Server([route(actions=[ledger()])], server={"cgroup": cgroup, "listeners": 1}) as server:
        (runner,) = server.processes("runner")
        with injected(runner, call, "error=EAGAIN:when=1..3") as happened:
            ids = [server.post("/hook", b"{}").json()["id"] for _ in range(3)]
            server.wait_settled()
            print(f"{call} fails: {happened()}")
        expect(sorted(server.ledger()), sorted(ids), call)
