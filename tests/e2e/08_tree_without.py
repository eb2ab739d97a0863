"""Without a cgroup a command takes its process group with it, at its end and at its timeout; what
has made a session of its own, and all that a killed runner leaves, lives on (docs/actions.md)."""
import os
from contextlib import suppress

from harness import Server, expect, process_stat, route, script
from trees import LEAVE, WAIT, kill_all, living, pids, wait_said

GROUP, AWAY = (LEAVE["background"], LEAVE["nohup"]), (LEAVE["setsid"], LEAVE["double"])
ALL = "\n".join((*GROUP, *AWAY, WAIT % 4))
FIRST = '[ "$TENTERHOOK_ATTEMPT" = 1 ] || exit 0\necho $$ >"$OUT/program"\n'
routes = [route("group", actions=[script("\n".join((*GROUP, WAIT % 2)), stdin="none")]),
          route("away", actions=[script("\n".join((*AWAY, WAIT % 2)), stdin="none")]),
          route("timed", actions=[script(ALL + "; exec sleep 600", stdin="none", timeout="2s",
                                         kill_after="0s")]),
          route("killed", actions=[script(FIRST + ALL + "; exec sleep 600", stdin="none")])]
with Server(routes, server={"cgroup": "off"}) as server:
    server.wait_log(r' uncontained reason="server.cgroup is off"')

    def run(name, count):
        """Those that the command has started."""
        with suppress(FileNotFoundError):
            os.unlink(server.out + "/pids")
        server.post("/" + name, b"{}")
        wait_said(server, count)
        if name == "killed":
            server.kill(server.processes("runner")[0])
        server.wait_settled()
        return pids(server)

    try:
        run("group", 2)
        expect(living(server), [], "what lives of the group")
        for name, left in (("away", 2), ("timed", 2), ("killed", 4)):
            started = run(name, left if name == "away" else 4)
            expect(len(living(server)), left, f"{name}: what lives of {started}")
            kill_all(server)
        expect(process_stat(server.ledger("program")[0]), None, "the program of the killed runner")
    finally:
        kill_all(server)
