"""status says the limits of each route as they are in force, how full its queue is, and which
deliveries belong to an action that the file no longer has."""
import json

from harness import Server, ensure, expect, ledger, route, wait_until

LIMITS = {"concurrency": {"max": 1, "per": "payload.a", "when_full": "cancel_running"},
          "start_rate": "10/m", "pause_after": {"deaths": 5}, "queue": {"max": 2, "bytes": "1MiB"}}
OLD = {"shell": ":", "name": "old", "start_rate": "1/d", "retry": {"attempts": 2, "on": ["any", 9]}}

def found():
    return json.loads(server.tool("status", "--json").stdout)

with Server([route(actions=[{**ledger(), "name": "new"}, OLD], **LIMITS), route("plain")],
            server={"cgroup": "off"}) as server:
    hook, plain = found()["routes"]
    actions = {action.pop("name"): action for action in hook["limits"].pop("actions")}
    expect(hook["limits"], {**LIMITS, "queue": {"max": 2, "bytes": 1 << 20}})
    retry = actions["old"]["retry"]
    expect([retry["attempts"], retry["backoff_ms"], retry["on"], retry["usual"]],
           [2, 10000, [9, "any"], False])
    expect([actions["old"]["start_rate"], actions["new"]["retry"]["usual"]], ["1/d", True])
    expect([plain["name"], list(plain["limits"])], ["plain", ["actions"]], "none")
    said = server.tool("status").stdout
    for words in ("1 at once per payload.a, ended by a newer event; starts 10/m; queue 0 of 2,",
                  "hook/old", "2 attempts, 10s to 1h apart, on 9, any"):
        ensure(words in said and "plain/" not in said, f"{words} in {said}")
    server.tool("pause", "hook")
    wait_until(lambda: "route_paused" in server.log(), "the pause")
    for n, status in ((1, 202), (2, 503)):
        expect(server.post("/hook", b'{"a": %d}' % n).status, status)
    facts = found()
    expect([facts["routes"][0]["queue"]["deliveries"], facts["runner"]["queue"]["full"]], [2, False])
    expect([item["about"] for item in facts["attention"]], ["queue", "paused"])
    server.stop()
    del server.settings["routes"][0]["actions"][1]
    server.write_settings()
    expect(found()["orphaned"], [{"action": "hook/old", "pending": 1, "dead": 0}], "no server")
    server.start()
    server.tool("resume", "hook")
    server.wait_settled()
    expect(found()["orphaned"], [{"action": "hook/old", "pending": 0, "dead": 1}])
    ensure("orphaned" in [item["about"] for item in found()["attention"]], "it is told")
