"""The remedy for a journal of root's is to give away its own files, never what is not its alone."""
import os

from facts import only_root
from harness import Server, ensure, expect, route, server_user
from units import USER as UNIT_USER, give

only_root()
USER = server_user().pw_name
CANNOT = f"belongs to root, and {USER}, the user of the server, cannot write it"
with Server([route()], journal={"min_free": "16MiB"}, start=False) as server:
    os.chown(server.state, 0, 0)
    for name, remedy in (("lost+found", f"chown {USER} {server.state}\n"), ("hooks.yaml", (
            f"name a file in a directory of {USER}'s in journal.path, such as /var/lib/"))):
        server.write(f"{server.state}/{name}", "")  # of a file system, or the route file's
        said = server.tool("check")
        ensure(f"{server.state} {CANNOT}: {remedy}" in said.stderr, said.stderr)
        expect(said.returncode, 0, "somebody else may start the server")
        os.remove(f"{server.state}/{name}")
    give(server)
    unit = f"[Service]\nUser={UNIT_USER.pw_name}\n"
    server.write("x.service", unit)
    check = ("check", "--unit", f"{server.directory}/x.service")
    expect(server.tool(*check).stderr, "", "nothing is there")
    files = [server.write(f"{server.state}/journal.db{end}", "x") for end in ("", "-wal", "-shm")]
    for file in files:
        os.chmod(file, 0o600)
    said = server.tool(*check)
    ensure(f"{files[0]} belongs to root" in said.stderr and said.returncode == 1
           and f"write it: chown {UNIT_USER.pw_name} {' '.join(files)}\n" in said.stderr, said)
    os.chown(server.state, 0, 0)
    expect(server.tool(*check).returncode, 1, "nobody gives the directory to the user")
    server.write("x.service", f"{unit}StateDirectory=../..{server.state}\n")
    expect(server.tool(*check).returncode, 0, "systemd does, with all that it holds")
