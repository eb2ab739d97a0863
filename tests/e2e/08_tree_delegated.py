"""A server that is not root has cgroups for commands where one is delegated to its user; one that
is root has them for commands of other users."""
import os
import subprocess
import tempfile

from harness import Server, ensure, expect, route, script, server_user, skip
from trees import LEAVE, WAIT, cgroup_of, kill_all, living, wait_said

ENTER = 'echo $$ >"$0/cgroup.procs" && exec "$@"'
LEFT = f"{LEAVE['setsid']} {LEAVE['double']}\n{WAIT}"
user = server_user() if os.geteuid() == 0 else skip("only root can become another user")
theirs = script(LEFT % 2, stdin="none", user="daemon")
with Server([route(actions=[theirs])], start=False) as server:
    os.chmod(server.out, 0o777)
    server.start()
    above = os.path.dirname(cgroup_of(server))
    try:
        server.post("/hook", b"{}")
        wait_said(server, 2)
        server.wait_settled()
        expect(living(server), [], "what another user's command has left")
        server.stop()
        place = tempfile.mkdtemp(prefix="th-delegated-", dir=above)
        server.settings["routes"][0]["actions"] = [script(LEFT % 4, stdin="none")]
        server.write_settings()
        owner = f"{user.pw_uid}:{user.pw_gid}"
        subprocess.run(["chown", "-R", owner, place, server.directory], check=True)
        server.wrapper = ["sh", "-c", ENTER, place, "setpriv", f"--reuid={user.pw_uid}",
                          f"--regid={user.pw_gid}", "--clear-groups"]
        server.start()
        server.post("/hook", b"[]")
        server.wait_settled()
        wait_said(server, 4)
        expect(living(server), [], "what a command of a server that is not root has left")
        server.stop()
        ensure(f"contained cgroup={place}/" in server.log(), "its cgroup is below that one")
        os.rmdir(place)
    finally:
        kill_all(server)
