"""Where `on_failure` fails too, status says so until it has run or the failure is mended; lists and
counts are about the actions of the route only."""
import json

from harness import Server, ensure, expect, route, script, wait_until

FAILS = script('[ -e "$OUT/release" ]', name="deploy", stdin="none")
TELLS = script('[ -e "$OUT/mailer" ]', stdin="none")


def attention():
    found = json.loads(server.tool("status", "--json").stdout)
    counts = [(row["name"], row["done"], row["dead"]) for row in found["routes"]]
    return counts, {item["about"]: item for item in found["attention"]}


def listed(state):
    lines = server.tool("events", "list", "--state", state, "--json").stdout.splitlines()
    return [json.loads(line)["id"] for line in lines]


with Server([route(actions=[FAILS], on_failure=TELLS, tell_every="1s")],
            server={"cgroup": "off"}) as server:
    event = server.post("/hook", b"{}").json()["id"]
    wait_until(lambda: server.count("delivery", "state = 'dead'") == 2, "both to fail")
    counts, found = attention()
    expect((counts, sorted(found)), ([("hook", 0, 1)], ["dead", "untold"]))
    expect(found["dead"]["command"], f"tenterhook events show {event}")
    again = found["untold"]["command"].split()[1:]
    expect(again, ["replay", event, "--action", "on_failure"])
    server.write("out/mailer", "")
    expect(server.tool(*again, "--wait").returncode, 0, "the alert is run again")
    expect((listed("dead"), listed("done"), sorted(attention()[1])), ([event], [], ["dead"]))
    server.write("out/release", "")
    expect(server.tool("replay", "--dead", "--wait").returncode, 0)
    expect((listed("dead"), listed("done"), attention()), ([], [event], ([("hook", 1, 0)], {})))
    ensure(server.tool("status").stdout.endswith("nothing needs attention\n"), "all is mended")
