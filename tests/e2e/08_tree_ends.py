"""All that a command has started ends with it where it has a cgroup: in the background, with
nohup, in sessions of their own, a bomb of processes; at its end, its timeout, and a stop."""
import os

from harness import PATIENCE, Server, ensure, expect, route, script, wait_until
from trees import BOMB, LEAVE, WAIT, attempts, cgroup_of, kill_all, living, wait_said

LEAVES = "\n".join((*LEAVE.values(), WAIT % 4))
routes = [route("leaves", actions=[script(LEAVES, stdin="none")]),
          route("bomb", actions=[script('trap "" TERM; sh "$OUT/bomb" 6', stdin="none",
                                        timeout="3s", kill_after="1s")]),
          route("stays", actions=[script(LEAVES + "; sleep 600", stdin="none", kill_after="0s")])]
with Server(routes, start=False, server={"shutdown_grace": "2s"}) as server:
    with open(os.path.join(server.out, "bomb"), "w", encoding="ascii") as file:
        file.write(BOMB)
    server.start()
    cgroup = cgroup_of(server)
    try:
        server.post("/leaves", b"{}")
        server.wait_settled()
        wait_said(server, 4)
        expect(living(server), [], "what lives when the delivery is done")
        server.wait_log("info runner: done .* exit=0 helpers=killed")
        os.unlink(os.path.join(server.out, "pids"))
        server.post("/bomb", b"{}")
        wait_said(server, 127)
        server.wait_settled()
        expect(living(server), [], "what lives of a bomb when the delivery is dead")
        reason, took = server.query("SELECT reason, duration_ms FROM delivery ORDER BY seq")[1]
        ensure("timeout" in reason and 4000 <= took < 4000 + 3000 * PATIENCE, f"{reason}: {took}")
        expect(attempts(cgroup), [], "cgroups of attempts that are over")
        os.unlink(os.path.join(server.out, "pids"))
        server.post("/stays", b"{}")
        wait_said(server, 4)
        server.stop()
        expect(living(server), [], "what lives when the server has stopped")
        ensure(not os.path.exists(cgroup), "the server has removed its cgroup")
    finally:
        kill_all(server)
print(f"127 processes of a bomb: gone {took - 4000} ms after kill_after")
