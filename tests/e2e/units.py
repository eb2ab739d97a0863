"""A unit of systemd with what it names, beside a server that is not started, for check --unit."""
import glob
import os
import shlex
import subprocess

from facts import other_user
from harness import PROGRAM, SECRET, Server, skip

USER = other_user()
SERVICE = """[Unit]
User=root
[Service]
User={0.pw_name}
Environment=DROPPED=1
Environment=
Environment="TH_ONE={1}" TH_TWO=short
EnvironmentFile={2}/variables
EnvironmentFile=-{2}/none
LoadCredential=mine:{2}/credential
ProtectSystem=strict
ReadWritePaths={2}/state \\
  {2}/run
"""


def make_unit(server):
    """Its path. What root alone reads for it is there, and a script that calls sudo."""
    place, unit = server.directory, f"{server.directory}/x.service"
    os.mkdir(unit + ".d")
    for name, text, mode in (("variables", f"# x\nTH_TWO='{SECRET}2'\n", 0o600),
                             ("credential", SECRET, 0o600),
                             ("run.sh", "#!/bin/sh\n# node\nsudo -n id\n", 0o755),
                             ("x.service.d/a.conf", "[Service]\nNoNewPrivileges=yes\n", 0o644),
                             ("x.service", SERVICE.format(USER, SECRET, place), 0o644)):
        with open(f"{place}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(file.name, mode)
    return unit


def give(server, *more):
    """What the unit's user has to read and write is theirs."""
    for path in (server.key, server.file, server.state, *more):
        os.chown(path, USER.pw_uid, -1)


def copies_of(credential):
    """Where check has put it; other checks may run beside this one."""
    return glob.glob(f"/dev/shm/tenterhook-check-*/{credential}")


def in_own_run(place, files):
    """What runs a program with a /run of its own, which has these files below /run; `place` has the
    script. A file of None is a link to /dev/null."""
    script = f"{place}/own-run.sh"
    lines = ["mount -t tmpfs none /run || exit 77"]
    for name, text in files.items():
        path = f"/run/{name}"
        lines.append(f"mkdir -p {os.path.dirname(path)}")
        lines.append(f"ln -s /dev/null {path}" if text is None else
                     f"printf %s {shlex.quote(text)} >{path}")
    with open(script, "w", encoding="utf-8") as file:
        file.write("\n".join([*lines, 'exec "$@"', ""]))
    wrapper = ["unshare", "-m", "--propagation", "private", "sh", script]
    if subprocess.run([*wrapper, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
        skip("no mount namespaces here")
    return wrapper


class UsualServer(Server):
    """A server whose control socket is at the usual place, in a /run of its own."""

    def __init__(self, routes):
        super().__init__(routes, start=False)
        self.wrapper = in_own_run(self.directory, {"tenterhook/x": "", "systemd/x": ""})
        with open(f"{self.directory}/own-run.sh", "r+", encoding="utf-8") as file:
            text = file.read().replace("exec", "chmod 777 /run/tenterhook\nexec")
            file.seek(0)
            file.write(text)
        self.start()

        self.inside = ["nsenter", "-t", str(self.pid), "-m"]

    def ask(self, *arguments):
        """What a verb says there: its exit code, and all that it prints."""
        return run_in(self.inside, *arguments)


def run_in(wrapper, *arguments):
    said = subprocess.run([*wrapper, PROGRAM, *arguments], capture_output=True, text=True,
                          check=False)
    return said.returncode, said.stdout + said.stderr


def check_in(wrapper, *arguments):
    """`tenterhook check` there; its exit code, and all that it says."""
    return run_in(wrapper, "check", *arguments)
