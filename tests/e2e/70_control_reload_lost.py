"""reload of a file that is no YAML asks the server at the usual place, if that is its file; else it
prints what is wrong with the file, and asks no question."""
import os
import subprocess

from harness import PROGRAM, Server, ensure, expect, ledger, route
from units import in_own_run

def reload(file):
    said = subprocess.run([*inside, PROGRAM, "reload", "-c", file], capture_output=True, text=True,
                          check=False)
    return said.returncode, said.stdout + said.stderr

with Server([route(actions=[ledger()])], start=False) as server:
    server.wrapper = in_own_run(server.directory, {"tenterhook/x": "", "systemd/x": ""})
    with open(f"{server.directory}/own-run.sh", "r+", encoding="utf-8") as file:
        text = file.read().replace("exec", "chmod 777 /run/tenterhook\nexec")
        file.seek(0)
        file.write(text)
    server.start()
    inside = ["nsenter", "-t", str(server.pid), "-m"]
    with open(server.file, encoding="utf-8") as file:
        text = file.read()
    other, none = f"{server.directory}/other.yaml", f"{server.directory}/none.yaml"
    for path in (server.file, other):
        server.write(path, text.replace('"routes": [', '"routes": [[[', 1))
    code, said = reload(server.file)
    ensure(code == 1 and "tenterhook.yaml:" in said and "goes on with the file" in said, said)
    code, said = reload(other)
    ensure(code == 1 and "other.yaml:" in said and "^" in said, said)
    ensure("nothing is reloaded" in said and "which journal" not in said, said)
    code, said = reload(none)
    ensure(code == 3 and "none.yaml" in said and "which journal" not in said, said)
    os.unlink(server.file)
    code, said = reload(server.file)
    ensure(code == 1 and "cannot open" in said and "goes on with" in said, said)
    server.write(server.file, text)
    os.chmod(server.file, 0o600)
    expect(reload(server.file), (0, "generation 2 serves\n"))
