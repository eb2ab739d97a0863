"""diff says which routes and keys a reload would change, against what runs, and never a secret."""
import copy
import json

from harness import SECRET, Server, ensure, expect, ledger, route

def said(*arguments, code):
    result = server.tool(*arguments)
    expect(result.returncode, code, f"{arguments}: {result.stdout}{result.stderr}")
    return result.stdout + result.stderr

OTHER = "another secret, 24 bytes"
WORDS = [["the", "server", "changed:", "server.listeners"],
         ["route", "hook", "changed:", "actions.ledger,", "secret;", "added:", "methods;",
          "removed:", "max_body"],
         ["route", "new", "is", "added"], ["route", "old", "is", "removed"]]
NAMED = {**ledger(), "name": "ledger"}
with Server([route(actions=[NAMED], max_body="2MiB"), route("old")]) as server:
    expect(said("diff", code=0), "nothing would change\n")
    new = server.settings = copy.deepcopy(server.settings)
    new["routes"][0].update(secret=OTHER, methods=["PUT"])
    new["routes"][0]["actions"][0]["timeout"] = "1m"
    del new["routes"][0]["max_body"]
    new["routes"][1] = route("new")
    new["server"]["listeners"] = 1
    server.secrets.add(OTHER)
    other, candidate = [server.write(name, json.dumps(new).replace("@OUT@", server.out))
                        for name in ("other.yaml", "new.yaml")]
    shown = said("diff", candidate, code=1)
    expect([line.split() for line in shown.splitlines()], WORDS)
    ensure(SECRET not in shown and OTHER not in shown, shown)
    server.write_settings()  # the file on the disk is no longer the one that runs
    expect(said("diff", code=1), shown, "what runs is compared")
    server.reload()
    expect(said("diff", code=0), "nothing would change\n")
    server.write("new.yaml", "version: 1\nroutes: [{name: x}]\n")
    ensure("new.yaml:2:10: error" in said("diff", candidate, code=3), "a wrong file")
    server.stop()
    ensure("compared with" in said("diff", other, code=0), "without a server: with the file")
    ensure("what runs is not known" in said("diff", code=3), "a file is not compared with itself")
