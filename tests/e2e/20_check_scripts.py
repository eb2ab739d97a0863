"""check warns of scripts that the server's user can execute and not read, and of files for
interpreters that it cannot read; of neither where that does no harm."""
import os

from facts import only_root
from harness import Server, ensure, expect, route, server_user
from units import USER as UNIT_USER, give

only_root()
USER = server_user().pw_name
with Server([], start=False, journal={"min_free": "16MiB"}) as server:
    script, program, source, other = [os.path.join(server.directory, name)
                                      for name in ("x.sh", "x", "x.py", "data")]
    for path, text, mode in ((script, "#!/bin/sh\n", 0o711), (program, "\x7fELF", 0o711),
                             (source, "print()\n", 0o600), (other, "", 0o600)):
        server.write(path, text)
        os.chmod(path, mode)
    server.settings["routes"] = [route(actions=[
        {"command": [script]}, {"command": [program]}, {"command": ["/usr/bin/python3.11", source]},
        {"command": ["sh", "-c", ":", other]}, {"command": ["true", other]},
        {"command": ["sh", f"{other}-{{{{event.id}}}}"]}, {"command": ["perl", f"{other}-none"]}])]
    server.write_settings()
    said = server.tool("check").stderr
    for line in (f"execute {script}: it is a script, and its owner and mode allow no reading: "
                 f"chmod a+rx {script}",
                 f"read {source}: its owner and mode do not allow it: chmod a+r {source}"):
        ensure(f"{USER}, the user of this action, cannot {line}" in said, f"{line}: {said}")
    expect(said.count("the user of this action"), 2, said)
    server.settings["routes"] = [route(actions=[{"command": ["./x.sh"]}, {"command": ["./y.sh"]}])]
    server.write_settings()
    server.write("y.sh", "#!/bin/sh\n")
    give(server)
    os.chmod(script, 0o751)
    os.chmod(f"{server.directory}/y.sh", 0o640)
    server.write("x.service", f"[Service]\nUser={UNIT_USER.pw_name}\n")
    said = server.tool("check", "--unit", f"{server.directory}/x.service").stderr
    for line in (f"read {script}: if it is a script, its interpreter must: chmod a+rx {script}",
                 "not an executable file: chmod a+rx "):
        ensure(line in said, f"{line}: {said}")
