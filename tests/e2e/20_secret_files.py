"""Secrets come from files, environment, credentials, strings; both of two; none shows anywhere."""
import os

from harness import Server, ensure, expect, ledger, read_proc, route

SECRETS = {kind: f"the secret that comes from the {kind}"
           for kind in ("file", "environment", "credential", "string", "old", "new")}
with Server([route()], start=False) as server:
    server.secrets |= set(SECRETS.values())
    for name, place in (("file", "secret"), ("credential", "github")):
        with open(os.path.join(server.directory, place), "w") as file:
            file.write(SECRETS[name] + "\n")
        os.chmod(os.path.join(server.directory, place), 0o600)
    server.env.update(GITHUB_SECRET=SECRETS["environment"], CREDENTIALS_DIRECTORY=server.directory)
    sources = {"file": {"file": "secret"}, "environment": {"env": "GITHUB_SECRET"},
               "credential": {"credential": "github"}, "string": SECRETS["string"]}
    server.settings["routes"] = [route(name, secret=source, actions=[ledger()])
                                 for name, source in sources.items()]
    server.settings["routes"].append(route("rotating", secret=[SECRETS["old"], SECRETS[
        "new"]], actions=[{"shell": 'env >"$OUT/environment"', "env": {"OUT": "@OUT@"}}]))
    server.write_settings()
    server.start()
    for name in sources:
        expect(server.post("/" + name, b"{}", secret=SECRETS[name]).status, 202, name)
        expect(server.post("/" + name, b"{}", secret="wrong" + SECRETS[name]).status, 401, name)
    for name in ("old", "new"):
        expect(server.post("/rotating", b"{}", secret=SECRETS[name]).status, 202, name)
    server.wait_settled()
    expect(len(server.ledger()), 4)
    environment = server.read("environment").decode()
    ensure("TENTERHOOK_ID=" in environment and not any(s in environment for s in SECRETS.values()),
           environment)
    for pid in [server.pid, *server.processes("runner"), *server.processes("listener")]:
        ensure(not any(s in read_proc(pid, "cmdline") for s in SECRETS.values()), "cmdline")
    with open(os.path.join(server.state, "journal.db"), "rb") as file:
        journal = file.read()
    ensure(not any(s.encode() in journal for s in SECRETS.values()), "a secret in the journal")
    os.chmod(os.path.join(server.directory, "secret"), 0o644)
    expect(server.tool("check").returncode, 1, "a secret that others can read")
print("4 sources and a rotation taken; no secret in log, journal, environment or command line")
