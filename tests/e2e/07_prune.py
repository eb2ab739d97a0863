"""Events are pruned by hand while the server runs: those that are over, of one route or of all, and
only counted with --dry-run; bodies go before their events with keep.body."""
from crash import WAITS, let_go
from harness import Server, ensure, expect, route, script, wait_until

ROUTES = [route(name, dedupe="off", actions=[action]) for name, action in (
    ("done", script(":")), ("failed", script("exit 3", stdin="none")), ("open", WAITS))]


def prune(server, *options):
    told = server.tool("prune", *options)
    expect(told.returncode, 0, told.stderr)
    return told.stdout


with Server(ROUTES, journal={"keep": {"body": "1s"}}) as server:
    for name in ("done", "failed", "open", "done", "failed", "open"):
        server.post("/" + name, b"{}")
    settled = "state IN ('pending', 'running')"
    wait_until(lambda: server.count("delivery", settled) == 2, "the others to be over")
    expect(prune(server, "--older-than", "0s", "--dry-run"), "4 events would be removed\n")
    expect(server.count(), 6, "events after a dry run")
    expect(prune(server, "--older-than", "0s", "--route", "done"), "2 events are removed\n")
    expect(server.query("SELECT first, last FROM removed"), [(1, 1), (4, 4)], "removed numbers")
    expect(prune(server, "--older-than", "1h"), "0 events are removed\n")
    expect(server.tool("prune", "--route", "none").returncode, 1, "a route that is not there")
    wait_until(lambda: prune(server) and server.count("body") == 2, "bodies of what is over to go")
    expect(server.count("delivery", "state = 'dead' AND exit_status = 3"), 2, "listed failures")
    expect(prune(server, "--older-than", "0s"), "2 events are removed\n")
    ensure(server.query("SELECT first, last FROM removed") == [(1, 2), (4, 5)], "merged ranges")
    let_go(server)
    server.wait_settled()
    expect(len(server.ledger()), 2, "what was open is carried out")
