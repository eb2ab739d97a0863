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
        """Whether a queue that is paused takes MAX; what others have written is counted soon."""
        server.tool("pause", "hook")
        while send() == 202:
            pass
        taken = server.count("delivery", "state = 'pending'")
        server.tool("resume", "hook")
        server.wait_settled()
        return taken == MAX

    for step in range(3):
        churn(f"n{step}-")
        wait_until(fill, "the queue to take as many as its limit says", 20)
        server.reload()
    expect(server.count("delivery", "state = 'running'"), 0)
