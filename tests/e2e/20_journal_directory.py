"""A journal whose directory is missing: `check` warns, `serve` says what to do, default or not."""
import os
import tempfile

from harness import ensure, expect, run_program

ROUTES = """version: 1
server: {listen: {address: "127.0.0.1:0", tls: off}}
routes: [{name: a, path: /a, auth: {none: true}, actions: [{command: [/bin/true]}]}]
"""

with tempfile.TemporaryDirectory() as directory:
    os.chmod(directory, 0o755)
    cases = [("journal: {path: none/journal.db}\n", f"{directory}/none", "name another path")]
    if os.path.isdir("/var/lib/tenterhook"):
        print("# the default is skipped: /var/lib/tenterhook is there")
    else:
        cases.append(("", "/var/lib/tenterhook", "set journal.path"))
    for journal, missing, hint in cases:
        with open(f"{directory}/hooks.yaml", "w", encoding="utf-8") as file:
            file.write(ROUTES + journal)
        checked = run_program("check", "-c", file.name)
        expect(checked.returncode, 0, checked.stderr)
        ensure(f"the directory of the journal {missing}/journal.db does not exist: make it, or "
               f"{hint}\n" in checked.stderr, checked.stderr)
        served = run_program("serve", "-c", file.name)
        expect(served.returncode, 3, served.stderr)
        ensure("its directory does not exist; make it, or set journal.path" in served.stderr,
               served.stderr)
