"""A server that is not root has cgroups for commands where one is delegated to its user; one that
is root has them for commands of other users."""
import os
import subprocess

from harness import Server, ensure, expect, route, script, server_user, skip
from trees import LEAVE, WAIT, Delegated, cgroup_of, kill_all, living, wait_said

LEFT = f"{LEAVE['setsid']} {LEAVE['double']}\n{WAIT}"
user = server_user() if os.geteuid() == 0 else skip("only root can become another user")
theirs = script(LEFT % 2, stdin="none", user="daemon")
with Delegated(user) as place, Server([route(actions=[theirs])], start=False) as server:
    os.chmod(server.out, 0o777)
    server.start()
    cgroup_of(server)
    try:
        server.post("/hook", b"{}")
        wait_said(server, 2)
        server.wait_settled()
        expect(living(server), [], "what another user's command has left")
        server.stop()
        server.settings["routes"][0]["actions"] = [script(LEFT % 4, stdin="none")]
        server.write_settings()
        subprocess.run(["chown", "-R", f"{user.pw_uid}:{user.pw_gid}", server.directory],
                       check=True)
        server.wrapper = place.wrapper
        server.start()
        server.post("/hook", b"[]")
        server.wait_settled()
        wait_said(server, 4)
        expect(living(server), [], "what a command of a server that is not root has left")
        server.stop()
        ensure(f"contained cgroup={place.path}/" in server.log(), "its cgroup is below that one")
    finally:
        kill_all(server)
