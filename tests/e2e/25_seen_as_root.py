"""What a command sees is exactly the list of docs/actions.md, if root has started the server: as
the server's user, as another one, as root; with and without a cgroup."""
import os
import pwd

from facts import action, check, only_root, other_user, rights, run_all, with_helper
from harness import Server, expect, route

only_root()
user, root = other_user(), pwd.getpwuid(0)
passed = ["HOME", "USER", "LOGNAME", "SHELL", "LANG"]
limits = {"memory": "256MiB", "cpu": "90s", "files": 64, "processes": 500, "file_size": "1MiB"}
actions = [
    action("plain", stdin="none"),
    action("other", user=user.pw_name, pass_env=passed),
    action("number", user=str(user.pw_uid), umask="077", nice=5, limits=limits, cwd="/"),
    action("root", user="root", allow_root=True, nice=-5),
    action("gains", no_new_privs=False),
]
for cgroup in ("auto", "off"):
    with Server([route(actions=actions)], start=False, server={"cgroup": cgroup}) as server:
        seen = run_all(with_helper(server))
        groups = os.getgrouplist(user.pw_name, user.pw_gid)
        every = seen["plain"]["CapBnd"]
        check(server, "plain", seen["plain"],
              descriptors={"0": "device", "1": "pipe", "2": "pipe"})
        check(server, "other", seen["other"], user, passed, groups=groups)
        check(server, "number", seen["number"], user, groups=groups, umask="077", nice=5,
              directory="/", limits={"memory": [256 << 20] * 2, "cpu": [90, 91], "files": [64] * 2,
                                     "processes": [500] * 2, "file_size": [1 << 20] * 2})
        check(server, "root", seen["root"], root, groups=os.getgrouplist("root", 0), nice=-5,
              CapPrm=every, CapEff=every)
        check(server, "gains", seen["gains"], NoNewPrivs="0")
        used = 1 << 0 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 23  # chown, kill, setgid, setuid, nice
        expect(rights(server, "Eff"), used, "what the runner can do")
        expect(rights(server), int(every, 16), "what it can hand on to root")
        expect(rights(server, role="listener"), 0, "what the listener can do")
print(f"{len(actions)} actions, {len(seen['plain'])} facts of each are as listed")
