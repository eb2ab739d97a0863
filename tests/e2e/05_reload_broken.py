"""A broken file leaves the old generation serving and the log says where it is broken."""
import os
import re

from harness import SECRET, Server, ensure, expect, ledger, route

PLACE = r"tenterhook\.yaml:\d+:\d+"
BROKEN = {  # what is wrong, and what the log must name behind its place
    "an unknown key": ('"actions"', '"actoins"', ".*(actoins)"),
    "not YAML": ('"routes": [', '"routes": [[[', ""),
    "a wrong type": ('"listeners": 2', '"listeners": "two"', ".*listeners"),
    "an empty secret": ('"secret": "', '"secret": "", "was": "', ""),
    "a secret in braces": (f'"secret": "{SECRET}"', f'"secret": {{"{SECRET}": 1}}',
                           ".*unknown key in a secret"),
    "a missing certificate": ("server.crt", "nowhere.crt", r".*nowhere\.crt"),
    "an address that is none of ours": ("127.0.0.1:0", "192.0.2.1:0", r".*192\.0\.2\.1"),
    "another journal": ("journal.db", "other.db", ".*cannot change"),
}
with Server([route(actions=[ledger()])]) as server:
    good = open(server.file).read()
    listeners = server.processes("listener")
    for name, (old, new, words) in BROKEN.items():
        ensure(old in good, old)
        server.write(server.file, good.replace(old, new, 1))
        begin = len(server.log())
        server.reload()
        said = server.log()[begin:]
        ensure("reload_failed" in said and re.search(PLACE + words, said), f"{name}: {said}")
        expect(server.post("/hook", b"{}").status, 202, name)
        expect(server.processes("listener"), listeners, "the same processes go on")
    os.unlink(server.file)
    server.reload()
    ensure(f"configuration at={server.file} reason=" in server.log(), "without the file, its name")
    expect(server.post("/hook", b"{}").status, 202, "without the file")
    server.write(server.file, good)
    os.chmod(server.file, 0o600)
    server.reload()
    ensure(server.processes("listener") != listeners, "a right file is taken again")
    expect(server.post("/hook", b"{}").status, 202)
print(f"{len(BROKEN) + 1} broken files: refused with their place, the old generation served on")
