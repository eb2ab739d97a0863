"""A unit of systemd with what it names, beside a server that is not started, for check --unit."""
import os

from facts import other_user
from harness import SECRET

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


def give(server):
    """What the unit's user has to read and write is theirs."""
    for path in (server.key, server.file, server.state):
        os.chown(path, USER.pw_uid, -1)
