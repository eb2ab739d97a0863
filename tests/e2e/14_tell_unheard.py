"""An alert that fails is in the log alone, and no event's state: neither a redelivery nor a replay
runs it again, and a link does not show it."""
import json

from harness import Server, expect, route, script, wait_until

FAILS = script('echo up >>"$OUT/runs"; [ -e "$OUT/mended" ]', name="run", stdin="none")
ALERT = script('echo up >>"$OUT/alerts"; exit 1', stdin="none")


def states(event):
    return server.query("SELECT a.name, d.state FROM delivery d JOIN event e ON e.seq = d.event "
                        "JOIN action a ON a.number = d.action WHERE e.id = ? ORDER BY 1", event)


with Server([route(actions=[FAILS], on_failure=ALERT, tell_every="1h", track=True)]) as server:
    answer = server.post("/hook", b"{}", delivery="one")
    event, link = answer.json()["id"], answer.headers["location"]
    server.wait_log(f"failed id={event} route=hook action=on_failure .*exit=1")
    server.wait_settled()
    expect(states(event), [("on_failure", "dead"), ("run", "dead")])
    again = server.post("/hook", b"{}", delivery="one")
    expect((again.status, again.json()["again"], again.json()["id"]), (202, True, event))
    wait_until(lambda: len(server.ledger("runs")) == 2, "the redelivery to run")
    wait_until(lambda: states(event) == [("on_failure", "pending"), ("run", "dead")],
               "the next alert to wait for an hour")
    shown = json.loads(server.tool("events", "show", event, "--json").stdout)
    expect([one["action"] for one in shown["deliveries"]], ["run", "on_failure"])
    told = server.request("GET", link[link.index("/hook"):]).json()
    expect([(one["name"], one["state"]) for one in told["actions"]], [("run", "failed")])
    open(f"{server.out}/mended", "w").close()
    expect(server.tool("replay", event).stdout, "1 event, 1 delivery pending again\n")
    wait_until(lambda: states(event) == [("on_failure", "pending"), ("run", "done")], "the replay")
    expect(server.ledger("alerts"), ["up"])
    expect(json.loads(server.tool("events", "--json").stdout)["states"], ["done"])
