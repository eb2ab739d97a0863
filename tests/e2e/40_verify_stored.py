"""A change of the route file is tried on the events of the journal, and says what would differ."""
import json

from harness import Server, ensure, expect, ledger, route


def differences(change, status):
    """What would be different of the first event, after `change` of the route."""
    server.settings["routes"][0] = {**old, **change}
    server.write_settings()
    expect(server.tool("verify", "--event", ids[0]).returncode, status, f"{change}")
    shown = server.tool("verify", "--json", "--route", "hook", "--since", "1h")
    *found, summary = map(json.loads, shown.stdout.splitlines())
    expect((shown.returncode, summary["events"], len(found)), (status, 3, summary["different"]))
    return [one["kind"] for line in found if line["id"] == ids[0] for one in line["differences"]]


run = {**ledger("run"), "name": "run"}
when = [{"value": "payload.ref", "equals": "main"}]
old = route(path="/hook/{dir}", actions=[run, {**ledger("main"), "when": when}])
with Server([old]) as server:
    ids = [server.post("/hook/x?n=1", json.dumps({"ref": ref}).encode()).json()["id"]
           for ref in ("main", "main", "try")]
    server.wait_settled()
    expect(differences({}, 0), [], "the same file")
    wrong = {"schema": {"required": ["a"]}}
    for change, kinds in (
            ({"when": [{**when[0], "equals": "x"}]}, ["ignored"]), ({"events": ["x"]}, ["ignored"]),
            ({"actions": [run, {**ledger("new"), "name": "new"}]}, ["does_not_run", "runs"]),
            ({"actions": [{**run, "env": {"A": "{{payload.a}}", "OUT": ""}}]}, ["refused"]),
            (wrong, ["refused"]), ({**wrong, "schema_action": "quarantine"}, ["quarantined"]),
            ({"path": "/hooks/{dir}"}, ["refused"]), ({"methods": ["PUT"]}, ["refused"]),
            ({"name": "other"}, ["route"]), ({"content": "form"}, ["refused"]),
            ({"actions": [{**run, "env": {"A": "{{header.a}}"}}]}, ["refused"])):
        expect(differences(change, 1), kinds, f"{change}")
    ensure("header.a is not stored" in server.tool("verify", "--event", ids[0]).stdout, "a note")
    for words, status in ((["7"], 3), ([ids[0], "--since", "1h"], 2), ([ids[0], "--now", "1"], 2)):
        expect(server.tool("verify", "--event", *words).returncode, status, f"{words}")
