"""check --unit that is ended from outside leaves no copy of a credential."""
import fcntl
import os
import subprocess

from facts import only_root
from harness import PROGRAM, SECRET, Server, expect, route, wait_until
from units import copies_of

only_root()
with Server([], start=False, journal={"min_free": "16MiB"}) as server:
    unit = f"{server.directory}/x.service"
    server.write(unit, f"[Service]\nSetCredential=ended:{SECRET}\n")
    server.settings["routes"] = [route(actions=[  # warnings that fill the pipe: it cannot end
        {"command": [f"/none/{i}{'x' * 800}"]} for i in range(60)])]
    server.write_settings()
    end, said = os.pipe()
    fcntl.fcntl(said, fcntl.F_SETPIPE_SZ, 4096)
    check = subprocess.Popen([PROGRAM, "check", "--unit", unit, "-c", server.file],
                             stdout=subprocess.DEVNULL, stderr=said)
    os.close(said)
    wait_until(lambda: copies_of("ended"), "the copy")
    check.terminate()
    while os.read(end, 65536):
        pass
    expect((check.wait(), copies_of("ended")), (-15, []))
