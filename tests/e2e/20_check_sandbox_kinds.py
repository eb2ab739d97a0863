"""check --unit knows what each kind of setting takes away, and what gives a directory back."""
import os

from facts import only_root
from harness import SECRET, Server, expect, route
from units import USER, check_in, give

only_root()
USERS, STRICT = f"User={USER.pw_name}\n", "ProtectSystem=strict\nReadWritePaths="
with Server([], start=False, journal={"min_free": "16MiB"}) as server:
    place, unit = server.directory, f"{server.directory}/x.service"
    for name, text in zip("abs", ("#!/usr/bin/env node\n", "</dev/ttyUSB0\nunshare -r", SECRET)):
        server.write(f"{place}/{name}", text)
        os.chmod(f"{place}/{name}", 0o700)
    server.settings["routes"] = [route(secret={"file": f"{place}/s"}, actions=[
        {"command": [f"{place}/a"]}, {"command": ["env", "A=1", "sudo", "-n", "id"]},
        {"command": ["bash", f"{place}/b"]}, {"command": ["echo", "sudo"]}, {"shell": "git pull"},
        {"command": ["id"], "cwd": "/home"}, {"pipe": "/dev/shm/x", "create": "0600"}])]
    server.write_settings()
    give(server, f"{place}/s")
    for settings, words in (
            ("NoNewPrivileges=y", "names sudo, which can gain no"), ("ProtectSystem=full", ""),
            ("NoNewPrivileges=\nLockPersonality=yes", ""), (USERS, ""),
            (USERS + "SystemCallFilter=read", "rights under SystemCallFilter=, which means No"),
            ("MemoryDenyWriteExecute=on\nMemoryDenyWriteExecute=", "names node, which makes code"),
            ("RestrictNamespaces=~user", "can make no namespaces under RestrictNamespaces=~user"),
            ("RestrictAddressFamilies=AF_UNIX AF_INET", ""), ("RestrictAddressFamilies=~AF_X", ""),
            ("RestrictAddressFamilies=none", "names git, which has no network under Restrict"),
            ("PrivateDevices=1", "names /dev/ttyUSB0, which is not there under PrivateDevices=yes"),
            ("NoExecPaths=/\nExecPaths=/usr", f"{place}/a cannot be executed under NoExecPaths=/"),
            (f"NoExecPaths=/\nExecPaths={place} /usr", ""), (STRICT + "/", "error: the journal"),
            (f"{STRICT}-{place}/state +/dev/shm", ""), ("ProtectHome=read-only", "/home cannot"),
            (f"TemporaryFileSystem={place}:ro\nBindPaths={place}", ""),
            ("TemporaryFileSystem=/tmp:ro", "server.crt is hidden under TemporaryFileSystem=/tmp:"),
            ("ProtectHome=tmpfs\nBindPaths=/x:/home", ""), ("ProtectHome=1", "/home is hidden"),
            (f"InaccessiblePaths={place}/s", f"{place}/s is hidden under InaccessiblePaths="),
            (f"InaccessiblePaths={place}\nBindPaths={place}", "yaml is hidden under Inaccessible")):
        server.write(unit, f"[Service]\n{settings}\n")
        said = check_in([], "--unit", unit, "-c", server.file)[1]
        expect(words in said if words else "of the unit" not in said, True, f"{settings}: {said}")
