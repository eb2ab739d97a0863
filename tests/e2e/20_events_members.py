"""`events show` and `export` say of a delivery when it is due, how often it has failed and was
replayed, its earlier attempts and what took its place, as JSON and as text."""
import json

from harness import Server, ensure, expect, ledger, route, script, wait_until

RETRY = {"retry": {"attempts": 9, "backoff": "300ms", "max_backoff": "300ms"}}
FAILS = script('[ -e "$OUT/later" ] || exit 3; [ $TENTERHOOK_ATTEMPT -lt 4 ] || sleep 99; exit 75',
               name="run", stdin="none", **RETRY)
with Server([route(actions=[FAILS]), route("burst", actions=[ledger()],
                                           coalesce={"window": "1h", "max_wait": "2h"})]) as server:
    def member(event, *words):
        lines = server.tool("events", *words).stdout.splitlines()
        return [one for one in map(json.loads, lines) if one["id"] == event][0]["deliveries"][0]

    old, new = (server.post("/burst", body).json()["id"] for body in (b"1", b"2"))
    event = server.post("/hook", b"{}").json()["id"]
    wait_until(lambda: server.count("delivery", "state = 'dead'") == 1, "the first to die")
    expect(member(event, "show", event, "--json")["failures"], 1)
    server.write("out/later", "")
    server.tool("replay", event)
    wait_until(lambda: server.count("delivery", "attempt = 4"), "two more failures")
    for words in (("export",), ("show", event, "--json")):
        one = member(event, *words)
        expect((one["failures"], one["replays"], one["attempts"]), (2, 1, 4), words)
        expect([(each["attempt"], each["exit_status"]) for each in one["earlier"]],
               [(1, 3), (2, 75), (3, 75)])
        ensure("due" not in one and "superseded_by" not in one, one)
    for words in (("export",), ("show", old, "--json")):
        expect((member(old, *words)["state"], member(old, *words)["superseded_by"]),
               ("superseded", new))
    due = member(new, "export")["due"]
    expect(due, member(new, "show", new, "--json")["due"])
    ensure(f"  waits until {due}\n" in server.tool("events", "show", new).stdout, "as text")
    ensure(f"  superseded by {new}\n" in server.tool("events", "show", old).stdout, "as text")
    server.tool("cancel", event, new)
