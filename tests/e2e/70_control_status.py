"""status names the file that runs, counts by state and route, and lists what needs attention for as
long as it does; its exit code says whether something does, or that no server runs."""
import hashlib
import json

from harness import Server, ensure, expect, ledger, route, wait_until

def status(code):
    said = server.tool("status", "--json")
    expect(said.returncode, code, f"status: {said.stdout}{said.stderr}")
    return json.loads(said.stdout)

EXITS = {"shell": "exit $(cat $OUT/exit)", "env": {"OUT": "@OUT@"}, "stdin": "none"}
with Server([route(actions=[ledger()]), route("bad", actions=[EXITS])],
            server={"cgroup": "off"}) as server:
    found = status(0)
    with open(server.file, "rb") as file:
        digest = hashlib.sha256(file.read()).hexdigest()
    expect([found["server"][name] for name in ("files", "generation", "pid")],
           [[{"path": server.file, "sha256": digest}], 1, server.pid])
    server.write("out/exit", "7")
    event = server.post("/bad", b"{}").json()["id"]
    server.post("/hook", b"{}")
    server.wait_settled()
    found = status(1)
    expect([item["about"] for item in found["attention"]], ["dead"])
    ensure("exited with status 7" in found["attention"][0]["text"], found["attention"])
    expect([(row["name"], row["done"], row["dead"]) for row in found["routes"]],
           [("bad", 0, 1), ("hook", 1, 0)])
    said = server.tool("status").stdout
    for word in (server.file, digest[:16], "needs attention", "events show " + event):
        ensure(word in said, f"{word} in {said}")
    server.write("out/exit", "0")
    expect(server.tool("replay", event).returncode, 0)
    wait_until(lambda: server.count("delivery", "state = 'done'") == 2, "the replay")
    expect(status(0)["attention"], [], "it clears itself")
    server.stop()
    expect(status(3)["attention"][0]["about"], "server", "without a server")
    expect(server.tool("status", "--journal", server.state + "/none.db").returncode, 3)
