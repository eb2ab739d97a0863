"""A second server on the same journal says so and leaves with 3, whatever name it has for the file;
the first goes on."""
import os
import subprocess
import time

from harness import PATIENCE, PROGRAM, Server, ensure, expect, ledger, route


def refuse(path):
    server.settings["journal"]["path"] = path
    server.write_settings()
    begun = time.monotonic()
    second = subprocess.run([PROGRAM, "serve", "-c", server.file], capture_output=True, text=True,
                            timeout=20 * PATIENCE, check=False)
    took = time.monotonic() - begun
    expect(second.returncode, 3, f"exit status of the second on {path}")
    ensure("another tenterhook uses the journal" in second.stderr, f"it says why: {second.stderr}")
    ensure(took < PATIENCE, f"it left after {took:.1f} s")
    expect(second.stdout, "", "it never says that it listens")


with Server([route(actions=[ledger()])]) as server:
    journal, directory = os.path.join(server.state, "journal.db"), os.path.join(server.directory,
                                                                                "other")
    refuse(journal)
    os.symlink(server.state, directory)
    refuse(os.path.join(directory, "journal.db"))
    os.symlink(journal, os.path.join(server.directory, "link.db"))
    refuse(os.path.join(server.directory, "link.db"))
    os.link(journal, os.path.join(server.state, "hard.db"))
    refuse(os.path.join(server.state, "hard.db"))
    os.unlink(journal + ".lock")
    refuse(journal)
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
    expect(len(server.ledger()), 1)
    expect(server.query("PRAGMA integrity_check"), [("ok",)])
