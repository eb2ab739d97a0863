"""What shell scripts and workers see is exactly the list of docs/actions.md too: as the server's
user, and as another one with all keys; with and without a cgroup."""
import os

from facts import check, only_root, other_user, run_all, shell, with_helper, worker
from harness import Server, route

only_root()
user = other_user()
passed = ["HOME", "USER", "LOGNAME", "SHELL", "LANG"]
keys = {"user": user.pw_name, "pass_env": passed, "umask": "077", "nice": 5, "cwd": "/",
        "no_new_privs": False,
        "limits": {"memory": "256MiB", "cpu": "90s", "files": 64, "processes": 500}}
actions = [shell("shell"), worker("worker"), shell("all-shell", **keys),
           worker("all-worker", **keys)]
for cgroup in ("auto", "off"):
    with Server([route(actions=actions)], start=False, server={"cgroup": cgroup}) as server:
        seen = run_all(with_helper(server))
        for name in ("shell", "worker"):
            check(server, name, seen[name])
            check(server, "all-" + name, seen["all-" + name], user, passed, umask="077", nice=5,
                  groups=os.getgrouplist(user.pw_name, user.pw_gid), directory="/",
                  NoNewPrivs="0", limits={"memory": [256 << 20] * 2, "cpu": [90, 91],
                                          "files": [64] * 2, "processes": [500] * 2})
