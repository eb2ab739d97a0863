"""A command that never reads its 1 MiB of standard input, or closes it early, ends as its exit code
says."""
import time

from harness import PATIENCE, Server, ensure, expect, ledger, route, script, wait_until

routes = [
    route("ignores", max_body="2MiB", actions=[script("exit 3")]),
    route("sleeps", max_body="2MiB", actions=[script("sleep 600", timeout="1s", kill_after="1s")]),
    route("closes", max_body="2MiB",
          actions=[script("head -c 10 >/dev/null; exec <&-; echo enough")]),
    route("hook", actions=[ledger()]),]
body = b'"' + b"x" * (1 << 20) + b'"'
with Server(routes) as server:
    begun = time.monotonic()
    for name in ("sleeps", "ignores", "closes"):
        expect(server.post("/" + name, body).status, 202, name)
    expect(server.post("/hook", b"{}").status, 202)
    wait_until(server.ledger, "the next event, meanwhile", 3)
    server.wait_settled(10)
    rows = dict((route, (state, status, reason)) for route, state, status, reason in server.query(
        "SELECT route, state, exit_status, reason FROM delivery JOIN event ON event.seq = "
        "delivery.event"))
    expect(rows["ignores"][:2], ("dead", 3), "exit 3")
    expect(rows["closes"][0], "done", "closed early")
    ensure(rows["sleeps"][0] == "dead" and "time" in rows["sleeps"][2], f"sleeps: {rows['sleeps']}")
    took = time.monotonic() - begun
    ensure(took < 5 * PATIENCE, f"all ended after {took:.1f} s")
print(f"1 MiB unread by three commands: {rows}")
