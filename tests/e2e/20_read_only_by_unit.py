"""What a unit's sandbox makes read-only gets no lenience of a container's mount: a secret that all
users can read, and a script that all users can write, are refused as without the sandbox."""
import os

from disk import SANDBOX, read_only
from harness import PROGRAM, Server, ensure, expect, route, run_program

with Server([route(secret={"file": "secret"}, actions=[{"command": ["./hook.sh"]}])], start=False,
            journal={"min_free": "16MiB"}) as server:
    check = ("check", "-c", server.file)
    unit = server.write("x.service", "[Service]\nType=notify\n")
    for name, mode, words in (("secret", 0o644, "chmod o-rwx"), ("hook.sh", 0o757, "every user")):
        for path, right in (("secret", 0o600), ("hook.sh", 0o755)):
            server.write(path, "#!/bin/sh\nlong enough for a secret\n")
            os.chmod(f"{server.directory}/{path}", mode if path == name else right)
        os.chown(f"{server.directory}/secret", os.geteuid(), -1)
        for said in (run_program(*check),
                     read_only(server.directory, PROGRAM, *check, script=SANDBOX),
                     read_only(server.directory, "env", "INVOCATION_ID=0", PROGRAM, *check),
                     read_only(server.directory, PROGRAM, *check, "--unit", unit)):
            ensure(said.returncode == 1 and words in said.stderr, f"{name}: {said}")
        said = read_only(server.directory, PROGRAM, *check)
        expect(said.returncode, 0, f"{name} on a mount of a container: {said.stderr}")
