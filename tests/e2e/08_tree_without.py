"""Without a cgroup a command takes its process group with it, and what has made a session of its
own lives on, as docs/actions.md says."""
from harness import Server, expect, route, script
from trees import LEAVE, WAIT, kill_all, living, pids, wait_said

GROUP, AWAY = (LEAVE["background"], LEAVE["nohup"]), (LEAVE["setsid"], LEAVE["double"])
routes = [route(name, actions=[script("\n".join((*kinds, WAIT % 2)), stdin="none")])
          for name, kinds in (("group", GROUP), ("away", AWAY))]
with Server(routes, server={"cgroup": "off"}) as server:
    server.wait_log(r' uncontained reason="server.cgroup is off"')
    try:
        server.post("/group", b"{}")
        server.wait_settled()
        wait_said(server, 2)
        expect(living(server), [], "what lives of the group")
        with open(server.out + "/pids", "w", encoding="ascii"):
            pass
        server.post("/away", b"{}")
        server.wait_settled()
        wait_said(server, 2)
        expect(sorted(living(server)), sorted(pids(server)), "what has left the group")
    finally:
        kill_all(server)
