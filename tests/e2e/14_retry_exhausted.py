"""After the last attempt of its budget a delivery is dead with its history; what is not in `on` is
dead at once; what cannot be started is tried again; a replay begins a new budget."""
from harness import Server, expect, route, script

RETRY = {"attempts": 3, "backoff": "20ms"}
WANTED = {"temporary": 3, "final": 1, "named": 3, "missing": 3, "times": 3}


def exits(status, **retry):
    return route(content="raw", actions=[script(f"echo $TENTERHOOK_ATTEMPT >&2; exit {status}",
                                                stdin="none", retry={**RETRY, **retry})])


def named(name, made):
    return {**made, "name": name, "path": "/" + name}


SLOW = script("sleep 60", stdin="none", timeout="50ms", kill_after="50ms",
              retry={**RETRY, "on": "timeout"})
NONE = script(":", cwd="@OUT@/none", retry=RETRY)
with Server([named("temporary", exits(75)), named("final", exits(1)),
             named("named", exits(3, on=[3, "timeout"])), route("missing", actions=[NONE]),
             route("times", actions=[SLOW])]) as server:
    for name in WANTED:
        expect(server.post("/" + name, b"{}").status, 202)

    def ends():
        server.wait_settled()
        return {row[0]: row[1:] for row in server.query(
            "SELECT e.route, d.state, d.attempt, d.failures, d.replays, (SELECT count(*) FROM"
            " attempt WHERE delivery = d.seq) FROM delivery d JOIN event e ON e.seq = d.event")}

    expect(ends(), {name: ("dead", count, count, 0, count - 1) for name, count in WANTED.items()})
    expect(server.tool("replay", "--dead").returncode, 0)
    expect(ends(), {name: ("dead", 2 * count, count, 1, 2 * count - 1)
                    for name, count in WANTED.items()})
    expect(server.query("SELECT a.error_output FROM attempt a JOIN event e ON e.seq = a.delivery"
                        " >> 8 WHERE e.route = 'temporary' ORDER BY number"),
           [(b"%d\n" % number,) for number in range(1, 6)])
