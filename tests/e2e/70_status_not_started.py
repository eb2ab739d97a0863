"""status lists deliveries whose command could not be started while they wait for another attempt,
and none that asked for it; without a server it names the command that says why."""
import json
import os

from harness import Server, ensure, expect, route, script, wait_until


def attention(code):
    said = server.tool("status", "--json")
    expect(said.returncode, code, f"status: {said.stdout}{said.stderr}")
    return json.loads(said.stdout)["attention"]


LATER = {"backoff": "1h"}
with Server([route(actions=[{"command": ["./run.sh"], "retry": LATER, "stdin": "none"}]),
             route("again", actions=[script("exit 75", retry=LATER)])], start=False,
            server={"cgroup": "off"}) as server:
    run = f"{server.directory}/run.sh"
    with open(run, "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n")
    os.chmod(run, 0o755)
    server.start()
    os.chmod(run, 0o644)
    server.post("/again", b"{}")
    wait_until(lambda: server.count("delivery", "failures = 1") == 1, "exit code 75")
    expect(attention(0), [])
    ids = [server.post("/hook", b"{}").json()["id"] for _ in range(2)]
    wait_until(lambda: server.count("delivery", "failures = 1") == 3, "two that do not start")
    item, = attention(1)
    expect((item["about"], item["command"][:23]), ("not_started", "tenterhook events show "))
    ensure(item["text"].startswith("2 deliveries could not be started and are tried again; the "
                                   "last, hook/1 of ") and "may not be executed" in item["text"]
           and item["command"][23:] in ids, f"{item}")
    server.stop()
    item = attention(3)[0]
    ensure(item["about"] == "server" and item["command"], f"{item}")
    said = server.tool("status", "--journal", f"{server.state}/none.db").stderr
    ensure("no server runs with the journal" in said and item["command"] in said, said)
