"""check --unit is a check as systemd would start the server: with the unit's user, variables, files
of them and credentials, and none of this shell's."""
import os

from facts import only_root
from harness import SECRET, Server, ensure, expect, route
from units import USER, copies_of, give, make_unit

only_root()
os.environ.update(TH_SHELL=SECRET, DROPPED=SECRET)
with Server([route(name, secret=secret) for name, secret in (
        ("a", {"env": "TH_ONE"}), ("b", {"env": "TH_TWO"}), ("c", {"credential": "mine"}))],
            start=False, journal={"min_free": "16MiB"}) as server:
    unit = make_unit(server)
    said = server.tool("check", "--unit", unit)
    ensure(said.returncode == 3 and "Permission denied" in said.stderr
           and said.stdout.startswith(f"checked as {USER.pw_name}, in {unit}\n"), f"{said}")
    give(server)
    said = server.tool("check", "--unit", unit)
    expect((said.returncode, said.stderr), (0, ""), "as the unit")
    ensure(f"runs as: {USER.pw_name} (User= of {os.path.basename(unit)})\n" in said.stdout,
           said.stdout)
    os.chown(server.state, 0, 0)
    said = server.tool("check", "--unit", unit)
    ensure(f"and {USER.pw_name}, the user of" in said.stderr, f"the journal: {said.stderr}")
    server.settings["routes"][0].update(secret={"env": "TH_SHELL"})
    server.settings["routes"][1].update(secret={"env": "DROPPED"})
    server.write_settings()
    give(server)
    said = server.tool("check", "--unit", unit)
    expect((said.returncode, said.stderr.count("is not set")), (1, 2), said.stderr)
    expect(server.tool("check", "--unit", unit, "--without-secrets").returncode, 0)
    os.remove(f"{server.directory}/credential")
    said = server.tool("check", "--unit", unit)
    ensure(said.returncode == 3 and "LoadCredential=mine" in said.stderr, said.stderr)
    expect(copies_of("mine"), [])
    said = server.tool("check", "--unit", "none")
    ensure(said.returncode == 3 and "no unit none.service in" in said.stderr, said.stderr)
