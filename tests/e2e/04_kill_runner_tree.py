"""kill -9 of the runner: what its command has started in a session of its own does not write
beside the next attempt of the delivery."""
import itertools

from harness import Server, ensure, expect, route, script, wait_until
from trees import cgroup_of, kill_all, pids

# a child in a session of its own writes on and on; the third attempt goes by itself
WRITE = """setsid sh -c 'echo $$ >>"$OUT/pids"
while :; do echo "$TENTERHOOK_ATTEMPT" >>"$OUT/ledger"; sleep 0.005; done' >/dev/null 2>&1 &
echo "$TENTERHOOK_ATTEMPT" >>"$OUT/ledger"
if [ "$TENTERHOOK_ATTEMPT" -lt 3 ]; then sleep 600; else sleep 0.2; fi"""

with Server([route(actions=[script(WRITE, stdin="none")])]) as server:
    cgroup_of(server)
    try:
        server.post("/hook", b"{}")
        for attempt in range(1, 3):
            wait_until(lambda: server.ledger().count(str(attempt)) > 20, "the child to write")
            victim = server.processes("runner")[0]
            server.kill(victim)
        server.wait_settled()
        server.stop()
        lines = server.ledger()
        expect([number for number, _ in itertools.groupby(lines)], ["1", "2", "3"],
               "attempts that have written, in turn")
        ensure(len(pids(server)) == 3, "a child for each attempt")
    finally:
        kill_all(server)
print(f"{len(lines)} lines of three attempts, none beside another's")
