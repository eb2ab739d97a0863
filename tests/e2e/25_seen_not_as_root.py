"""What an action sees is exactly the list of docs/actions.md, if the server is not started as
root: nobody's rights change, and `user` may name whoever runs the server."""
import os
import pwd

from facts import action, check, rights, run_all, shell, with_helper, worker
from harness import Server, expect, route, server_user

user = server_user() if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
wrapper = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid), "--clear-groups"]
actions = [action("plain"), action("own", user=user.pw_name, limits={"files": 99, "cpu": "1500ms"}),
           action("gains", no_new_privs=False), shell("shell"), worker("worker")]
with Server([route(actions=actions)], start=False, wrapper=wrapper if os.geteuid() == 0 else (),
            env={"HOME": user.pw_dir}) as server:
    for path in (server.file, server.key, server.directory):
        os.chown(path, user.pw_uid, user.pw_gid)
    seen = run_all(with_helper(server))
    groups = {"groups": [] if server.wrapper else os.getgroups()}
    check(server, "plain", seen["plain"], user, **groups)
    check(server, "own", seen["own"], user, limits={"files": [99, 99], "cpu": [2, 3]}, **groups)
    check(server, "gains", seen["gains"], user, NoNewPrivs="0", **groups)
    for name in ("shell", "worker"):
        check(server, name, seen[name], user, **groups)
    expect(rights(server), 0, "what the runner can do")
