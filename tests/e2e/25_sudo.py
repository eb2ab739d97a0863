"""sudo works in a command with `no_new_privs: false`, and in no other."""
import os
import shutil
import subprocess
import tempfile

from facts import only_root, outputs, rights, wait_reason
from harness import Server, ensure, expect, route, server_user, skip

# The machine's own rules stay as they are: ours lie over them where only this server looks.
ENTER = 'mount --bind "$0" /etc/sudoers.d && exec "$@"'

only_root()
if not shutil.which("sudo") or not os.path.isdir("/etc/sudoers.d"):
    skip("sudo is not installed")
with tempfile.TemporaryDirectory() as rules:
    with open(os.path.join(rules, "rule"), "w", encoding="utf-8") as file:
        file.write(f"{server_user().pw_name} ALL=(root) NOPASSWD: /usr/bin/id -un\n")
    os.chmod(file.name, 0o440)
    wrapper = ["unshare", "--mount", "sh", "-c", ENTER, rules]
    if subprocess.run([*wrapper, "true"], check=False).returncode:
        skip("mounts of one's own are not allowed here")
    command = {"command": ["sudo", "-n", "id", "-un"]}
    with Server([route(actions=[{"name": "can", "no_new_privs": False, **command},
                                {"name": "cannot", **command}])], wrapper=wrapper) as server:
        expect(rights(server), 1 << 5, "the runner can end what is root's, and nothing else")
        expect(server.post("/hook", b"{}").status, 202)
        server.wait_settled()
        ensure("exited with status 1" in wait_reason(server, "cannot"), "without the key")
        expect(outputs(server)["can"], b"root\n", "who sudo runs it as")
        (said,), = server.query("SELECT error_output FROM output WHERE error_total > 0")
        ensure(b'"no new privileges" flag is set' in said, said.decode())
