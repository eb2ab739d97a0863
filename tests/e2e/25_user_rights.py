"""The rights of its user decide where a command starts, which program it finds and what it reads;
its private files stay closed to the server's user and to the actions of others."""
import os

from facts import only_root, other_user, reasons, wait_reason
from harness import Server, ensure, expect, route, script, server_user

only_root()
user = other_user()
keys = {"user": user.pw_name, "retry": {"attempts": 1}}
actions = [
    script('cat "$TENTERHOOK_BODY_FILE" /dev/stdin >/dev/stdout; echo to it >/dev/stderr; '
           'stat -c "%U %a" "$TENTERHOOK_BODY_FILE" >"$HERE/file"', name="reads", **keys,
           body_file=True),
    {"name": "inside", "command": ["run"], "env": {"PATH": "@OUT@/own:@OUT@/private:/bin"},
     "cwd": "@OUT@/private/{{payload.app}}", **keys},
    {"name": "stranger", "command": ["/bin/true"], "cwd": "@OUT@/private", "retry": keys["retry"]},
    {"name": "closed", "command": ["/bin/true"], "cwd": "@OUT@/own", **keys},
    {"name": "program", "command": ["@OUT@/own/run"], **keys},
]
actions[0]["env"]["HERE"] = "@OUT@/private"
with Server([route(actions=actions)], start=False) as server:
    for name, owner in (("private", user), ("own", server_user())):
        os.makedirs(f"{server.out}/{name}/app")
        with open(f"{server.out}/{name}/run", "w") as file:
            file.write("#!/bin/sh\npwd >../where\n")
        for path in (name, f"{name}/app", f"{name}/run"):
            os.chmod(f"{server.out}/{path}", 0o700)
            os.chown(f"{server.out}/{path}", owner.pw_uid, owner.pw_gid)
    server.start()
    expect(server.post("/hook", b'{"app": "app"}').status, 202)
    server.wait_settled()
    expect(reasons(server)["reads"][0], "done", str(reasons(server)))
    expect(server.read("private/file").decode(), f"{user.pw_name} 600\n")
    expect(server.read("private/where").decode(), f"{server.out}/private/app\n")
    for name, word in (("stranger", "cannot enter the directory"), ("program", "may not be exec"),
                       ("closed", f"as user {user.pw_name}: cannot enter the directory")):
        reason = wait_reason(server, name)
        ensure(word in reason, f"{name}: {reason}")
    print(reason)
