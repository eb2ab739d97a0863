"""However events have come and gone (at once, after a wait, failed, sent again, replayed, through a
reload), a queue takes exactly as many as its limit says."""
from harness import Server, expect, route, script, wait_until

MAX = 20
turns = script('[ -e "$OUT/$TENTERHOOK_ID" ] || { : >"$OUT/$TENTERHOOK_ID"; exit 1; }')
quick = {"shell": ":", "name": "quick", "stdin": "none"}
with Server([route(actions=[turns, quick], queue={"max": MAX}, start_rate="100/s")],
            server={"commands": 2}) as server:
    def send(name=None):
        return server.post("/hook", b'{"a": 1}', **({"delivery": name} if name else {})).status

    def churn(name):
        names = [f"{name}{i}" for i in range(6)]
        expect([send(name) for name in names], [202] * 6)
        server.wait_settled()
        expect([send(name) for name in names[:3]], [202] * 3, "again")
        server.wait_settled()
        server.tool("replay", "--dead", "--route", "hook")
        server.wait_settled()
        expect([send(name) for name in names], [200] * 6, "copies")

    def fill():
        """Of those that wait each event has two; what others have written is counted by now."""
        paused = server.log().count("route_paused")
        server.tool("pause", "hook")
        wait_until(lambda: server.log().count("route_paused") > paused, "the pause")
        wait_until(lambda: send() == 503 and server.count("delivery", "state = 'pending'") == MAX,
                   "the queue to be full", 20)
        server.tool("resume", "hook")
        server.wait_settled()

    for step in range(3):
        churn(f"n{step}-")
        fill()
        server.reload()
    expect(server.count("delivery", "state = 'running'"), 0)
