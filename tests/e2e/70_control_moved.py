"""A route file whose journal.path was changed is still that of the server at the usual place: diff
says so and lists the routes that differ, reload is refused at the key; a restart takes it."""
import re
import subprocess

from harness import ensure, expect, ledger, route
from units import UsualServer

with UsualServer([route(actions=[ledger()]), route("old")]) as server:
    server.settings["journal"]["path"] = server.state + "/moved.db"
    server.settings["routes"][1] = route("new")
    server.write_settings()
    code, text = server.ask("diff", "-c", server.file)
    expect((code, [line.split() for line in text.splitlines()][:3]), (1, [
        ["the", "server", "changed:", "journal.path"], ["route", "new", "is", "added"],
        ["route", "old", "is", "removed"]]), text)
    ensure("a restart takes it" in text and "nothing would" not in text, text)
    code, text = server.ask("reload", "-c", server.file)
    ensure(code == 1 and re.search(r"yaml:\d+:\d+: error: journal.path .*a restart takes", text) and
           "^" in text and "goes on with the file before" in text, text)
    namespace = subprocess.Popen([*server.inside, "sleep", "600"])
    server.stop()
    server.inside = ["nsenter", "-t", str(namespace.pid), "-m"]
    code, text = server.ask("diff", "-c", server.file)
    namespace.kill()
    ensure(code == 3 and "is not known" in text and "nothing would" not in text, text)
