"""What tells of a failure is no state of its event for any verb: not for the filters and the ends
of `events`, nor for `replay --wait` and `verify`; a notice is shown by what tells of it."""
import json

from harness import Server, ensure, expect, route, script, wait_until

FAILS = script("exit 3", name="run", stdin="none")
ALERT = script('[ "$TENTERHOOK_EVENT" != tenterhook.silent ]', stdin="none")
with Server([route(actions=[FAILS], on_failure=ALERT, tell_every="1h"),
             route("calm", actions=[FAILS], on_failure=ALERT, expect="1s")]) as server:
    first = server.post("/hook", b"{}").json()["id"]
    server.wait_settled()
    second = server.post("/hook", b"{}").json()["id"]
    ALERTS = ("SELECT state FROM delivery d JOIN action a ON a.number = d.action WHERE a.name = "
              "'on_failure' AND a.route = ? ORDER BY seq")
    wait_until(lambda: server.query(ALERTS, "hook") == [("done",), ("pending",)], "two alerts")
    wait_until(lambda: server.query(ALERTS, "calm") == [("dead",)], "a notice that fails")

    def ids(*words):
        listed = server.tool("events", "list", "--json", *words).stdout.splitlines()
        return [json.loads(line)["id"] for line in listed]

    of_hook = ("--route", "hook", "--state")
    expect((ids(*of_hook, "done"), ids(*of_hook, "pending"), ids(*of_hook, "dead")),
           ([], [], [second, first]))
    expect((ids("--action", "on_failure", *of_hook, "pending"),
            ids("--action", "on_failure", *of_hook, "done")), ([second], [first]))
    (notice,) = ids("--route", "calm", "--state", "dead")
    again = server.tool("replay", "--wait", second)
    expect(again.returncode, 1, again.stderr)
    ensure("1 ended, 1 dead" in again.stdout, again.stdout)
    for words in (("--event", second), ("--route", "hook"), ("--route", "calm")):
        tried = server.tool("verify", *words)
        expect(tried.returncode, 0, f"{words}: {tried.stdout}{tried.stderr}")
    tried = server.tool("verify", "--event", notice).stderr
    ensure("nobody has sent it" in tried, tried)
    exported = map(json.loads, server.tool("events", "export").stdout.splitlines())
    expect({one["id"]: one["states"] for one in exported},
           {first: ["dead"], second: ["dead"], notice: ["dead"]})
