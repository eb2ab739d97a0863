"""Each action takes the events of its `when` and `events`; of `choose` the first that fits runs."""
import json

from harness import Server, expect, ledger, route


def when(ref):
    return [{"value": "payload.ref", "equals": ref}]


routes = [
    route("five", actions=[ledger("all"), ledger("push", events="push"),
                           ledger("main", when=when("main"))],
          choose=[ledger("first", when=when("main")),
                  ledger("second", when=[{"value": "payload.ref", "starts_with": "ma"}]),
                  {**ledger("rest"), "else": True}]),
    route("none", actions=[ledger("never", when=when("x"))],
          choose=[{**ledger("neither", events="star"), "name": "star"}], mismatch=404)]
with Server(routes) as server:
    def post(path, ref, event, status):
        answer = server.post(path, json.dumps({"ref": ref}).encode(), event=event)
        expect(answer.status, status, f"{path} {ref} {event}")
        return answer.json().get("id")
    sent = {"a": ("main", "push"), "b": ("may", "push"), "c": ("x", "star")}
    ids = {name: post("/five", ref, event, 202) for name, (ref, event) in sent.items()}
    wanted = {"all": "abc", "push": "ab", "main": "a", "first": "a", "second": "b", "rest": "c"}
    server.wait_settled()
    for name, which in wanted.items():
        expect(sorted(server.ledger(name)), sorted(ids[letter] for letter in which), name)
    expect(server.count("delivery"), 4 + 3 + 2, "deliveries")
    shown = json.loads(server.tool("events", "show", ids["b"], "--json").stdout)
    expect([one["action"] for one in shown["deliveries"]], ["1", "2", "5"], "in events show")
    post("/none", "main", "push", 404)
    server.wait_log(r"ignored.*route=none.*payload\.ref|ignored.*route=none.*star")
    star = post("/none", "main", "star", 202)
    server.wait_settled()
    expect(server.ledger("neither"), [star], "the only one that fits")
    expect(server.tool("replay", star).returncode, 0, "a replay")
    server.wait_settled()
    expect(server.ledger("neither"), [star, star], "runs the same action")
