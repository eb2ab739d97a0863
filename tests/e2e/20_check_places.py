"""check and a start say what the server's user, and the user of an action, cannot reach, run or
write; check says who that is, and at which address each route is."""
import os

from facts import only_root, other_user
from harness import Server, ensure, route, server_user

only_root()
OTHER, USER = other_user().pw_name, server_user().pw_name
CANNOT = "the user of this action, cannot"
with Server([], start=False, journal={"min_free": "16MiB"}) as server:
    mine, inside, other, fifo = [os.path.join(server.directory, name) for name in
                                 ("root.sh", "closed", "closed/x.sh", "fifo")]
    os.mkdir(inside, 0o700)
    os.mkfifo(fifo, 0o600)
    for path in (mine, other):
        os.chmod(server.write(path, "#!/bin/sh\n"), 0o700)
    server.settings["routes"] = [
        route("deploy", "/github", actions=[
            {"command": [mine]}, {"command": [other], "user": OTHER}, {"shell": ":", "cwd": inside},
            {"pipe": fifo}, {"pipe": f"{inside}/made", "create": "0600"}]),
        route("open", auth={"none": True}, public_url="https://hooks.example.org/open")]
    addresses = server.settings["server"]["listen"]
    for address, run in (("0.0.0.0:8443", lambda: server.tool("check")), ("127.0.0.1:0", None)):
        addresses[0]["address"] = address
        server.write_settings()
        said = run() if run else server.start().log()
        for line in (f"{USER}, {CANNOT} execute {mine}: its owner and mode",
                     f"{OTHER}, {CANNOT} execute {other}: this user cannot enter {inside}",
                     f"{USER}, {CANNOT} enter {inside}: its owner",
                     f"{USER}, {CANNOT} write to {fifo}: its owner",
                     f"{USER}, {CANNOT} make or write to {inside}/made: this user cannot "
                     f"enter {inside}"):
            ensure(line in (said.stderr if run else said), f"{line}: {said}")
        for line in (f"https://{os.uname().nodename}:8443/github → deploy (github)\n",
                     "https://hooks.example.org/open → open (no authentication)\n",
                     f"runs as: {USER},",
                     f"runs as: {OTHER}, action 2 of route deploy\n"):
            ensure(not run or line in said.stdout, f"{line}: {said}")
