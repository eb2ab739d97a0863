"""A route file whose journal.path was changed is still that of the server at the usual place: diff
says so and lists the routes that differ, reload is refused at the key; a restart takes it."""
import os
import re
import subprocess

from harness import PROGRAM, Server, ensure, expect, ledger, route
from units import in_own_run

def said(*arguments):
    done = subprocess.run([*inside, PROGRAM, *arguments, "-c", server.file], capture_output=True,
                          text=True, check=False)
    return done.returncode, done.stdout + done.stderr

with Server([route(actions=[ledger()]), route("old")], start=False) as server:
    server.wrapper = in_own_run(server.directory, {"tenterhook/x": "", "systemd/x": ""})
    with open(f"{server.directory}/own-run.sh", "r+", encoding="utf-8") as file:
        text = file.read().replace("exec", "chmod 777 /run/tenterhook\nexec")
        file.seek(0)
        file.write(text)
    server.start()
    inside = ["nsenter", "-t", str(server.pid), "-m"]
    server.settings["journal"]["path"] = server.state + "/moved.db"
    server.settings["routes"][1] = route("new")
    server.write_settings()
    code, text = said("diff")
    expect((code, [line.split() for line in text.splitlines()][:3]), (1, [
        ["the", "server", "changed:", "journal.path"], ["route", "new", "is", "added"],
        ["route", "old", "is", "removed"]]), text)
    ensure("a restart takes it" in text and "nothing would" not in text, text)
    code, text = said("reload")
    ensure(code == 1 and re.search(r"yaml:\d+:\d+: error: journal.path .*a restart takes", text) and
           "^" in text and "goes on with the file before" in text, text)
    namespace = subprocess.Popen([*inside, "sleep", "600"])
    server.stop()
    inside = ["nsenter", "-t", str(namespace.pid), "-m"]
    code, text = said("diff")
    namespace.kill()
    ensure(code == 3 and "is not known" in text and "nothing would" not in text, text)
