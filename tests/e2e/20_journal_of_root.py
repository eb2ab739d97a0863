"""The remedy for a journal of root's is to give away its own files, never what is not its alone."""
import os

from facts import only_root
from harness import Server, ensure, expect, route, server_user

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
