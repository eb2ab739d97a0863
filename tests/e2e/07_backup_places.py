"""A copy takes the place of nothing but an older copy: of no file beside the journal, of no other
file under the name of its part, and of no file that somebody else could read."""
import os

from harness import Server, ensure, expect, route

with Server([route()]) as server:
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
    journal, target = (os.path.join(server.state, name) for name in ("journal.db", "copy"))

    def refused(path, said):
        backup = server.tool("backup", path)
        expect(backup.returncode, 3, f"{path}: {backup.stdout}")
        ensure(said in backup.stderr, backup.stderr)

    refused(journal, " beside it")
    for suffix in ("-wal", "-shm", ".lock", ".mark", ".control", ".part"):
        refused(journal + suffix, "belongs to the journal itself")
    with open(target + ".part", "w", encoding="ascii") as file:
        file.write("precious")
    refused(target, ".part is there")
    with open(target + ".part", encoding="ascii") as file:
        expect(file.read(), "precious")
    os.unlink(target + ".part")
    os.link(journal, target + ".part")
    refused(target, ".part is there")
    os.unlink(target + ".part")
    if os.geteuid() == 0:
        with open(target + ".part", "w", encoding="ascii"):
            os.chown(target + ".part", 1, 1)
        refused(target, ".part is there")
        os.unlink(target + ".part")
    with open(target + ".part", "wb") as file:  # of a backup that was killed
        file.truncate(8192)
    expect(server.tool("backup", target).returncode, 0)
    expect(server.post("/hook", b"{}").status, 202)
