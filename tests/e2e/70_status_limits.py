"""status says the limits of each route as they are in force, how full its queue is, and which
deliveries belong to an action that the file no longer has."""
import json

from harness import Server, ensure, expect, ledger, route
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
    expect([actions["old"]["start_rate"], actions["new"]["retry"]["usual"]], ["1/d", True])
    expect(actions["old"]["retry"], {"attempts": 2, "backoff_ms": 10000, "max_backoff_ms": 3600000,
                                     "on": [9, "any"], "usual": False})
    expect(list(plain["limits"]), ["actions"])
    said = server.tool("status").stdout
    for words in ("1 at once per payload.a, ended by a newer event; starts 10/m; queue 0 of 2,",
                  "hook/old", "2 attempts, 10s to 1h apart, on 9, any"):
        ensure(words in said and "plain/" not in said, f"{words} in {said}")
    server.tool("pause", "hook")
    server.wait_log("route_paused")
    expect([server.post("/hook", b'{"a": %d}' % n).status for n in (1, 2)], [202, 503])
    facts = found()
    expect(facts["routes"][0]["queue"]["deliveries"], 2)
    expect([item["about"] for item in facts["attention"]], ["queue", "paused"])
    server.stop()
    server.settings["routes"][0]["actions"].pop()
    server.write_settings()
    expect(found()["orphaned"], [{"action": "hook/old", "pending": 1, "dead": 0}], "no server")
    server.start()
    server.tool("resume", "hook")
    server.wait_settled()
    facts = found()
    expect(facts["orphaned"][0]["dead"], 1)
    expect([item["about"] for item in facts["attention"]], ["dead", "orphaned"])
