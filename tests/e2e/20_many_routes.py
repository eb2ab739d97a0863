"""Ten thousand routes load and start within two seconds of processor time; the last one answers
like the first."""
import os

from harness import Server, ensure, expect, ledger, process_stat, descendants, route, wait_until

ROUTES = 10000
SECONDS = 30 if os.environ.get("TENTERHOOK_SANITIZED") else 2


def processor_seconds(pid):
    return sum(stat[2] for stat in map(process_stat, [pid, *descendants(pid)]) if stat)


routes = [route(f"tenant-{number}", f"/hooks/tenant-{number}") for number in range(ROUTES)]
for index in (0, ROUTES - 1):
    routes[index]["actions"] = [ledger()]
with Server(routes, log={"level": "warning"}) as server:
    spent = processor_seconds(server.process.pid)
    ensure(spent < SECONDS, f"{ROUTES} routes took {spent:.2f} s of processor time")
    for index in (0, ROUTES - 1):
        expect(server.post(f"/hooks/tenant-{index}", b"{}").status, 202)
    expect(server.post(f"/hooks/tenant-{ROUTES}", b"{}").status, 404)
    wait_until(lambda: len(server.ledger()) == 2, "both routes to run")
    print(f"{ROUTES} routes started after {spent:.2f} s of processor time")
