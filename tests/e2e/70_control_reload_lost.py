"""reload of a file that is no YAML asks the server at the usual place, if that is its file; else it
prints what is wrong with the file, and asks no question."""
import os

from harness import ensure, expect, ledger, route
from units import UsualServer

with UsualServer([route(actions=[ledger()])]) as server:
    with open(server.file, encoding="utf-8") as file:
        text = file.read()
    other, none = f"{server.directory}/other.yaml", f"{server.directory}/none.yaml"
    for path in (server.file, other):
        server.write(path, text.replace('"routes": [', '"routes": [[[', 1))
    code, said = server.ask("reload", "-c", server.file)
    ensure(code == 1 and "tenterhook.yaml:" in said and "goes on with the file" in said, said)
    code, said = server.ask("reload", "-c", other)
    ensure(code == 1 and "other.yaml:" in said and "^" in said, said)
    ensure("nothing is reloaded" in said and "which journal" not in said, said)
    code, said = server.ask("reload", "-c", none)
    ensure(code == 3 and "none.yaml" in said and "which journal" not in said, said)
    os.unlink(server.file)
    code, said = server.ask("reload", "-c", server.file)
    ensure(code == 1 and "cannot open" in said and "goes on with" in said, said)
    server.write(server.file, text)
    os.chmod(server.file, 0o600)
    expect(server.ask("reload", "-c", server.file), (0, "generation 2 serves\n"))
