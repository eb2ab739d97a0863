"""A command that a stop of the server ends runs again at the next start, or is dead if it must not
run twice; what had not started runs in any case."""
from harness import Server, expect, route, script, wait_until

WAIT = 'echo "$TENTERHOOK_ROUTE" >>"$OUT/began"; [ -e "$OUT/go" ] || exec sleep 60'


def made(name, **keys):
    return route(name, actions=[script(WAIT, stdin="none", kill_after="100ms", **keys)])


with Server([made("again"), made("once", on_crash="fail")],
            server={"commands": 2, "shutdown_grace": "1s"}) as server:
    for name in ("again", "once", "once"):
        expect(server.post("/" + name, b"{}").status, 202)
    wait_until(lambda: sorted(server.ledger("began")) == ["again", "once"], "both slots to be used")
    server.stop()
    expect(server.query("SELECT state, attempt FROM delivery"),
           [("pending", 1), ("dead", 1), ("pending", 0)])
    reason = server.query("SELECT reason FROM delivery WHERE state = 'dead'")[0][0]
    expect(reason, "was ended because the server is leaving, and `on_crash` is `fail`")
    server.write("out/go", "")
    server.start()
    server.wait_settled()
    expect(server.query("SELECT state, attempt FROM delivery"),
           [("done", 2), ("dead", 1), ("done", 1)])
