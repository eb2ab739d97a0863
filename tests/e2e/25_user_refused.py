"""`user`, and a `nice` below 0, need a server that is started as root: without, `serve` refuses,
and `check`, which an administrator may run for a server of root's, warns."""
import os
import subprocess
import tempfile

from facts import other_user
from harness import PROGRAM, ensure, expect, server_user

TEXT = """version: 1
server: {{listen: {{address: "127.0.0.1:0", tls: off}}}}
journal: {{path: {directory}/journal.db}}
routes:
  - {{name: a, path: /a, auth: {{none: true}}, actions: [{{command: [/bin/true], {keys}}}]}}
"""
AS_ROOT = os.geteuid() == 0


def run(verb, file, *wrapper):
    done = subprocess.run([*wrapper, PROGRAM, verb, "-c", file], capture_output=True, text=True,
                          timeout=60, check=False)
    return done.returncode, done.stderr


user, away = other_user(), []
if AS_ROOT:
    ids = server_user()
    away = ["setpriv", "--reuid", str(ids.pw_uid), "--regid", str(ids.pw_gid), "--clear-groups"]
with tempfile.TemporaryDirectory() as directory:
    os.chmod(directory, 0o755)
    for keys in (f"user: {user.pw_name}", "nice: -5", "user: root, allow_root: true"):
        with open(f"{directory}/hooks.yaml", "w", encoding="utf-8") as file:
            file.write(TEXT.format(directory=directory, keys=keys))
        said = f'"{keys.split(",")[0]}" needs a server that is started as root'
        for verb, status, kind in (("check", 0, "warning"), ("serve", 3, "error")):
            code, text = run(verb, file.name, *away)
            expect(code, status, text)
            ensure(f"{kind}: {said}" in text, text)
        if AS_ROOT:
            ensure("needs a server" not in run("check", file.name)[1], "as root all is well")
