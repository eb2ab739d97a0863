"""A delivery that dies is told of with its event, reason and output; a hundred more are told once
in `tell_every`, with their count."""
import time

from harness import Server, ensure, expect, route, script, wait_until
from telling import ALERT, told

FAILS = script('echo "cannot reach the base" >&2; exit 3', name="deploy", stdin="none")
with Server([route(actions=[FAILS, script(":", stdin="none")], on_failure=ALERT, tell_every="2s"),
             route("calm", actions=[FAILS])]) as server:
    server.post("/calm", b"{}")
    event = server.post("/hook", b'{"ref": "main"}').json()["id"]
    wait_until(lambda: told(server), "somebody to be told")
    one = told(server)[0]
    expect((one["id"], one["action"], one["payload"]), (event, "on_failure", {"ref": "main"}))
    expect(one["failure"], {"action": "deploy", "reason": "exited with status 3", "attempts": 1,
                            "exit": 3, "output": "", "count": 0,
                            "error_output": "cannot reach the base\n"})
    expect(server.read("env").decode().splitlines(), [
        "TENTERHOOK_FAILED_ACTION=deploy", "TENTERHOOK_FAILED_ATTEMPTS=1",
        "TENTERHOOK_FAILED_COUNT=0", "TENTERHOOK_FAILED_OUTPUT=cannot reach the base",
        "TENTERHOOK_FAILED_REASON=exited with status 3"])
    line = server.wait_log(f"failed id={event}.*").group()
    ensure(line.endswith(f' said="cannot reach the base" show="tenterhook events show {event} -c '
                         f'{server.file}"'), line)
    begun = time.time()
    for _ in range(100):
        server.post("/hook", b"{}")
    wait_until(lambda: sum(1 + one["failure"]["count"] for one in told(server)) == 101,
               "all failures to be told or counted")
    times = [float(line) for line in server.read("times").splitlines()]
    ensure(len(times) <= 2 + (time.time() - begun) / 2, f"told at {times}")
    ensure(all(b - a > 1.9 for a, b in zip(times, times[1:])), f"told at {times}")
    server.wait_settled()
    expect(server.query("SELECT a.route, count(*) FROM delivery d JOIN action a ON a.number = "
                        "d.action WHERE a.name = 'on_failure' GROUP BY 1"), [("hook", len(times))])
