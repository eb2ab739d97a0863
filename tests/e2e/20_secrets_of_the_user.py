"""A command cannot read the secrets of the server's environment, though it runs as the same user as
every process of it."""
import os
import re

from harness import Server, expect, route, script, server_user, skip

if os.geteuid() != 0:
    skip("only root can become another user, whose rights are no more than his")
user, secret = server_user(), "an environment secret, long"
steal = script(
    'parent=$(cut -d" " -f4 /proc/$PPID/stat); for pid in $(cat /proc/$parent/task/*/children) '
    '$parent; do ' 'echo "$pid"; cat /proc/$pid/environ; done >"$OUT/stolen" 2>&1')
with Server([route(secret={"env": "HOOK_SECRET"}, actions=[steal])], start=False,
            env={"HOOK_SECRET": secret}) as server:
    for path in (server.file, server.key, server.directory):
        os.chown(path, user.pw_uid, user.pw_gid)
    server.wrapper = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid),
                      "--clear-groups"]
    server.start()
    expect(server.post("/hook", b"{}", secret=secret).status, 202)
    server.wait_settled()
    stolen = server.read("stolen")
    expect(secret.encode() in stolen, False, "the secret was read")
    tried = re.findall(rb"^cat: /proc/\d+/environ: Permission denied$", stolen, re.M)
    expect(len(tried), len(re.findall(rb"^\d+$", stolen, re.M)),
           "processes that keep their environment to themselves")
    expect(len(tried) >= 4, True, f"{len(tried)} processes were tried")
