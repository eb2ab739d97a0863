"""Where the package is installed root's init writes into /etc/tenterhook, so that the unit's user
can read it and no one else the secrets; the server runs as that user."""
import os

from first_run import be_installed, free_port, printed, send_and_see, serving
from harness import ensure, expect, run_program

be_installed(__file__)
made = run_program("init", "github", "--port", free_port(), "--certificates", "/none")
expect(made.returncode, 0, made.stderr)
ensure("\n  systemctl enable --now tenterhook\n" in made.stdout, made.stdout)
uid, gid = (os.stat("/var/lib/tenterhook").st_uid, os.stat("/var/lib/tenterhook").st_gid)
ensure(uid != 0 and oct(os.stat("/var/lib/tenterhook").st_mode) == "0o40700", "the state's place")
for name, mode, group in (("tenterhook.yaml", 0o644, 0), ("github.sh", 0o755, 0),
                          ("server.crt", 0o644, 0), ("server.key", 0o640, gid),
                          ("github.secret", 0o640, gid)):
    what = os.stat(f"/etc/tenterhook/{name}")
    expect((what.st_mode & 0o7777, what.st_uid, what.st_gid), (mode, 0, group), name)
as_unit = ["setpriv", f"--reuid={uid}", f"--regid={gid}", "--clear-groups", "--"]
with serving(["serve"], as_unit):
    ensure("github: event" in send_and_see(made.stdout, "github"), "the script has run")
expect(printed(made.stdout, "events list"), ["events", "list"], "the usual file")
