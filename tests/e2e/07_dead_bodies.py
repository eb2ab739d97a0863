"""What failed is bounded by keep.size: bodies go, the oldest first and loudly; the events and their
reasons stay."""
from harness import Server, ensure, expect, route, script, wait_until

with Server([route(actions=[script("exit 3", stdin="none")])], journal={"keep": {"size": "1MiB"}},
            server={"listeners": 1}) as server:
    ids = [server.post("/hook", b'"%s"' % (b"x" * 40000)).json()["id"] for _ in range(60)]
    server.wait_settled()
    server.wait_log("bodies_dropped events=", 120)  # it looks twice a minute
    wait_until(lambda: server.query("SELECT sum(length(content)) FROM body")[0][0] < 1 << 20,
               "the bodies to fit", 30)
    expect(server.count("delivery", "state = 'dead' AND reason LIKE 'exited with status 3'"), 60,
           "events that failed")
    left = {row[0]
            for row in server.query("SELECT id FROM event JOIN body ON body.event = event.seq")}
    ensure(10 < len(left) < 30 and left == set(ids[-len(left):]),
           f"the newest bodies are left: {len(left)}")
    told = server.tool("replay", ids[0])
    expect(told.returncode, 1, "replay without a body")
    ensure("its body is no longer stored" in told.stderr, told.stderr)
    expect(server.tool("replay", ids[-1]).returncode, 0, "replay of the newest")
    server.wait_settled()
