"""What ran when the runner was killed twice runs alone, one after the other; what kills it then is
dead, and the other is carried out. A command that must not run twice is dead at the first time."""
import os

from harness import Server, expect, ledger, route, script, wait_until

WORK = """case $(cat) in
guilty) while [ ! -e "$OUT/shoot" ]; do sleep 0.01; done; rm "$OUT/shoot"; kill -9 $PPID;; esac
while [ -e "$OUT/hold" ]; do sleep 0.01; done"""
ROUTES = [route(name, content="raw", actions=[script(WORK, stdin="body", on_crash=crash)])
          for name, crash in (("guilty", "retry"), ("other", "retry"), ("once", "fail"))]
with Server([*ROUTES, route(actions=[ledger()])]) as server:
    server.write("out/hold", "")
    for name in ("guilty", "other", "once"):
        expect(server.post("/" + name, name.encode()).status, 202)

    def of(name):
        return server.query("SELECT d.state, d.attempt, d.takeovers, d.alone, d.given_up FROM"
                            " delivery d JOIN event e ON e.seq = event WHERE e.route = ?", name)[0]

    def runs(attempt, name):
        return wait_until(lambda: of(name)[:2] == ("running", attempt), f"{name}: {attempt}")

    def shoot(times):
        server.write("out/shoot", "")
        wait_until(lambda: of("guilty")[2] == times, f"runner {times} to be gone")

    for times in (1, 2):
        all(runs(times, name) for name in ("guilty", "other"))
        shoot(times)
    expect(of("once"), ("dead", 1, 1, 0, 0))
    runs(3, "guilty")
    expect(server.post("/hook", b"{}").status, 202)
    expect((of("guilty")[3], of("other"), server.ledger()), (1, ("pending", 2, 2, 0, 0), []))
    shoot(3)
    runs(3, "other")
    expect((of("guilty"), of("other")[3]), (("dead", 3, 3, 1, 1), 1))
    os.unlink(server.out + "/hold")
    server.wait_settled()
    expect((of("other"), len(server.ledger())), (("done", 3, 2, 1, 0), 1))
