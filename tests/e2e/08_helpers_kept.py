"""What a command leaves in the background lives on with `helpers: keep`, 100 of 100 with a cgroup
and 100 of 100 without: through the death of the runner, a reload and a stop of the server."""
from harness import Server, expect, route, script, wait_until
from trees import LEAVE, kill_all, living, wait_said


def keep_hundred(cgroup):
    routes = [route(name, actions=[script(text, stdin="none", helpers="keep")])
              for name, text in LEAVE.items()]
    routes.append(route("timed", actions=[script(LEAVE["background"] + " sleep 600", stdin="none",
                                                 helpers="keep", timeout="1s", kill_after="0s")]))
    with Server(routes, server={"cgroup": cgroup}) as server:
        try:
            for number in range(25):
                for name in LEAVE:
                    expect(server.post("/" + name, str(number).encode()).status, 202)
            server.wait_settled()
            wait_said(server, 100)
            expect(server.count("delivery", "state = 'done'"), 100, "deliveries that are done")
            victim = server.processes("runner")[0]
            server.kill(victim)
            wait_until(lambda: server.processes("runner") not in ([], [victim]), "a new runner")
            server.reload()
            server.post("/timed", b"{}")
            server.wait_settled()
            expect(server.count("delivery", "state = 'dead'"), 1)
            wait_said(server, 101)
            expect(len(living(server)), 100, "helpers after a kill, a reload and a timeout")
            server.stop()
            expect(len(living(server)), 100, "helpers after the stop")
            server.start()
            server.stop()
            expect(len(living(server)), 100, "helpers after another start")
        finally:
            kill_all(server)


for choice in ("auto", "off"):
    keep_hundred(choice)
