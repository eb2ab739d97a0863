"""An event that waits to be tried again gives way to a newer one of its key, which runs at once; so
does one that waits for the end of its burst."""
from harness import Server, expect, route, script, wait_until

RETRIES = script('echo "$TENTERHOOK_ID" >>"$OUT/ran"; [ "$FAIL" = 0 ] || exit 75', stdin="none",
                 retry={"attempts": 5, "backoff": "1h"})
RETRIES["env"]["FAIL"] = "{{payload.fail}}"
KEYS = {"max": 1, "per": "payload.key"}
NEWEST = {"max": 1, "when_full": "cancel_running"}
CANCELS = ("cancel", "all")
ROUTES = [route("cancel", actions=[RETRIES], concurrency={**KEYS, **NEWEST}),
          route("all", actions=[RETRIES], concurrency=NEWEST),
          route("burst", actions=[RETRIES], concurrency=KEYS,
                coalesce={"window": "1s", "max_wait": "10s", "per": "payload.key"})]


def states(server):
    return dict(server.query(
        "SELECT e.id, d.state FROM event e JOIN delivery d ON d.event = e.seq"))


with Server(ROUTES) as server:
    ids = {}
    for name in (*CANCELS, "burst"):
        ids[name] = server.post("/" + name, b'{"key": "a", "fail": 1}').json()["id"]
    wait_until(lambda: server.count("delivery", "failures = 1 AND state = 'pending'") == 2,
               "two that wait for an hour")
    later = {name: server.post("/" + name, b'{"key": "a", "fail": 0}').json()["id"]
             for name in (*CANCELS, "burst")}
    for name in later:
        wait_until(lambda: later[name] in server.ledger("ran"), f"the newer event of {name}", 15)
        expect(states(server)[ids[name]], "superseded", name)
    wait_until(lambda: {states(server)[event] for event in later.values()} == {"done"}, "both")
print("two that waited have given way to newer ones")
