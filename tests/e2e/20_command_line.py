"""check, explain, schema, events: exit codes as in the manual, while the server runs."""
import json
import subprocess

from harness import PROGRAM, Server, ensure, expect, ledger, library_version, route

def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=60,
                          check=False)

for library in ("tenterhook", "libmicrohttpd", "GnuTLS", "SQLite"):
    library_version(library)
with Server([route(actions=[ledger(), {"shell": "echo said; echo loud >&2; exit 7"}])]) as server:
    expect(server.tool("check").returncode, 0, "check of a right file")
    with open(server.file + ".bad", "w") as file:
        file.write("version: 1\nroutes:\n  - nam: x\n")
    bad = run("check", "-c", server.file + ".bad")
    expect(bad.returncode, 1, "check of a wrong file")
    said = bad.stderr + bad.stdout
    ensure('.bad:3:5: error' in said and 'did you mean "name"' in said, bad.stderr)
    expect(run("explain", "routes.rate_limit").returncode, 0)
    expect(run("explain", "routes.pipe").returncode, 0, "as the README has it")
    expect(run("explain", "nothing.of.the.kind").returncode, 1)
    json.loads(run("schema").stdout)
    for wrong in (["frobnicate"], ["serve", "too", "many"], ["events", "frobnicate"]):
        expect(run(*wrong).returncode, 2, " ".join(wrong))
    expect(run("serve", "-c", "/no/such/file").returncode, 3, "a missing file")
    event = server.post("/hook", b'{"shown":1}', delivery="delivery-1").json()["id"]
    server.wait_settled()
    listed = server.tool("events", "list")
    expect(listed.returncode, 0)
    ensure(event in listed.stdout, f"the list has the event: {listed.stdout}{listed.stderr}")
    listed = server.tool("events", "list", "--json").stdout
    rows = [json.loads(line) for line in listed.splitlines()]
    expect([row["id"] for row in rows], [event], "as JSON")
    shown = server.tool("events", "show", event).stdout
    for word in (event, "delivery-1", "done", "dead", "said", "loud", "7"):
        ensure(word in shown, f"{word} in events show: {shown}")
    nothing = server.tool("events", "show", "01900000-0000-7000-8000-000000000000")
    expect(nothing.returncode, 1, "no such event")
