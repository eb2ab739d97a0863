"""The next start ends and removes what a killed server has left in its cgroups, but not what its
commands were to leave, and not what another server has."""
import os

from harness import Server, ensure, expect, route, script, wait_until
from trees import LEAVE, cgroup_of, kill_all, living, pids, wait_said

routes = [route("kept", actions=[script(LEAVE["setsid"], stdin="none", helpers="keep")]),
          route("left", actions=[script('[ "$TENTERHOOK_ATTEMPT" = 1 ] || exit 0\n'
                                        + LEAVE["setsid"] + " sleep 600", stdin="none")])]
brief = {"shutdown_grace": "1s"}
with Server(routes, server=brief) as other, Server(routes, server=brief) as server:
    cgroups = [cgroup_of(server), cgroup_of(other)]
    try:
        for one in (other, server):
            for number, name in enumerate(("kept", "left"), 1):
                one.post("/" + name, b"{}")
                wait_said(one, number)
        server.kill(server.pid)
        server.process.wait()
        server.process.stdout.close()
        wait_until(lambda: not os.path.exists(f"/proc/{server.pid}"), "the supervisor to be gone")
        server.start()
        expect(living(server), pids(server)[:1], "what the next start has left alive")
        server.kill(pids(server)[0])
        server.stop()
        expect(living(other), pids(other), "what the other server has")
        other.stop()
        other.kill(pids(other)[0])
        wait_until(lambda: not (other.reap(), living(other))[1], "the last of the other server")
        server.start()
        server.stop()
        for path in cgroups:
            ensure(not os.path.exists(path), f"{path} is removed")
    finally:
        kill_all(server)
        kill_all(other)
