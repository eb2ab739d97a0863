"""A server that is not root has cgroups for commands where one is delegated to its user; and one
that is root has them for commands of other users."""
import os
import subprocess
import tempfile

from harness import Server, ensure, expect, route, script, server_user, skip
from trees import LEAVE, WAIT, cgroup_of, kill_all, living, wait_said

ENTER = 'echo $$ >"$0/cgroup.procs" && exec "$@"'
LEFT = f"{LEAVE['setsid']} {LEAVE['double']}\n{WAIT}"
if os.geteuid() != 0:
    skip("only root can become another user")
user = server_user()
with Server([route(actions=[script(LEFT % 2, stdin="none", user="daemon")])], start=False) as server:
    os.chmod(server.out, 0o777)
    server.start()
    above = os.path.dirname(cgroup_of(server))
    try:
        server.post("/hook", b"{}")
        server.wait_settled()
        wait_said(server, 2)
        expect(living(server), [], "what another user's command has left")
        server.stop()
        place = tempfile.mkdtemp(prefix="th-delegated-", dir=above)
        server.settings["routes"][0]["actions"] = [script(LEFT % 4, stdin="none")]
        server.write_settings()
        subprocess.run(["chown", "-R", f"{user.pw_uid}:{user.pw_gid}", place, server.directory],
                       check=True)
        server.wrapper = ["sh", "-c", ENTER, place, "setpriv", "--reuid", str(user.pw_uid),
                          "--regid", str(user.pw_gid), "--clear-groups"]
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
