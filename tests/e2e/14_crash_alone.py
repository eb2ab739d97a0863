"""What ran when the runner was killed twice runs alone, one after the other; what kills it then is
dead, and the other is carried out. A command that must not run twice is dead at the first time."""
import os

from harness import Server, ensure, expect, ledger, route, script, wait_until

WORK = """case $(cat) in
guilty) while [ ! -e "$OUT/shoot" ]; do sleep 0.01; done; rm "$OUT/shoot"; kill -9 $PPID;; esac
while [ -e "$OUT/hold" ]; do sleep 0.01; done
"""
with Server([route(name, content="raw", actions=[script(WORK, stdin="body", on_crash=crash)])
             for name, crash in (("guilty", "retry"), ("other", "retry"), ("once", "fail"))]
            + [route(actions=[ledger()])]) as server:
    open(server.out + "/hold", "w").close()
    os.chmod(server.out, 0o777)
    for name in ("guilty", "other", "once"):
        expect(server.post("/" + name, name.encode()).status, 202)

    def of(name):
        return server.query("SELECT d.state, d.attempt, d.takeovers, d.alone, d.given_up FROM"
                            " delivery d JOIN event e ON e.seq = d.event WHERE e.route = ?", name)[0]

    def runs(attempt, *names):
        for name in names:
            wait_until(lambda: of(name)[:2] == ("running", attempt), f"attempt {attempt}: {name}")

    def shoot(attempt):
        open(server.out + "/shoot", "w").close()
        wait_until(lambda: of("guilty")[2] == attempt, f"runner {attempt} to be gone")

    runs(1, "guilty", "other", "once")
    shoot(1)
    expect(of("once"), ("dead", 1, 1, 0, 0))
    runs(2, "guilty", "other")
    shoot(2)
    runs(3, "guilty")
    expect(server.post("/hook", b"{}").status, 202)
    expect((of("guilty")[3], of("other"), server.ledger()), (1, ("pending", 2, 2, 0, 0), []))
    shoot(3)
    runs(3, "other")
    expect((of("guilty"), of("other")[3]), (("dead", 3, 3, 1, 1), 1))
    os.unlink(server.out + "/hold")
    server.wait_settled()
    expect((of("other"), len(server.ledger())), (("done", 3, 2, 1, 0), 1))
    ensure("while no other command ran" in server.log(), "the log says why")
