"""What an action sees is exactly the list of docs/actions.md, if the server is not started as root
and has a cgroup that was delegated to its user."""
import os

from facts import action, check, only_root, run_all, shell, with_helper, worker
from harness import Server, ensure, route, server_user
from trees import Delegated, cgroup_of

only_root()
user = server_user()
actions = [action("plain"), action("own", user=user.pw_name, limits={"files": 99, "cpu": "1500ms"}),
           shell("shell", no_new_privs=False), worker("worker", umask="077")]
with Delegated(user) as place, Server([route(actions=actions)], start=False, wrapper=place.wrapper,
                                      env={"HOME": user.pw_dir}) as server:
    for path in (server.file, server.key, server.directory):
        os.chown(path, user.pw_uid, user.pw_gid)
    seen = run_all(with_helper(server))
    ensure(cgroup_of(server).startswith(place.path), "where commands have their cgroups")
    check(server, "plain", seen["plain"], user)
    check(server, "own", seen["own"], user, limits={"files": [99, 99], "cpu": [2, 3]})
    check(server, "shell", seen["shell"], user, NoNewPrivs="0")
    check(server, "worker", seen["worker"], user, umask="077")
