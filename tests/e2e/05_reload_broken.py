"""A broken file leaves the old generation serving and the log says where it is broken."""
import os
import re

from harness import SECRET, Server, ensure, expect, ledger, route

BROKEN = {  # what is wrong, and what the log must name
    "an unknown key": ('"actions"', '"actoins"', r"tenterhook\.yaml:\d+:\d+.*(actoins)"),
    "not YAML": ('"routes": [', '"routes": [[[', r"tenterhook\.yaml:\d+:\d+"),
    "a wrong type": ('"listeners": 2', '"listeners": "two"', r"tenterhook\.yaml:\d+:\d+.*listeners"),
    "an empty secret": ('"secret": "', '"secret": "", "was": "', r"tenterhook\.yaml:\d+:\d+"),
    "a secret in braces": (f'"secret": "{SECRET}"', f'"secret": {{"{SECRET}": 1}}', r"tenterhook\.yaml:\d+:\d+.*unknown key in a secret"),
    "a missing certificate": ("server.crt", "nowhere.crt", r"tenterhook\.yaml:\d+:\d+.*nowhere\.crt"),
    "an address that is none of ours": ("127.0.0.1:0", "192.0.2.1:0", r"tenterhook\.yaml:\d+:\d+.*192\.0\.2\.1"),
    "another journal": ("journal.db", "other.db", r"tenterhook\.yaml:\d+:\d+.*cannot change"),
}
with Server([route(actions=[ledger()])]) as server:
    with open(server.file) as file:
        good = file.read()
    listeners = server.processes("listener")
    for name, (old, new, place) in BROKEN.items():
        ensure(old in good, old)
        with open(server.file, "w") as file:
            file.write(good.replace(old, new, 1))
        begin = len(server.log())
        server.reload()
        said = server.log()[begin:]
        ensure("reload_failed" in said and re.search(place, said), f"{name}: refused with its place: {said}")
        expect(server.post("/hook", b"{}").status, 202, name)
        expect(server.processes("listener"), listeners, "the same processes go on")
    os.unlink(server.file)
    server.reload()
    expect(server.post("/hook", b"{}").status, 202, "without the file")
    with open(server.file, "w") as file:
        file.write(good)
    server.reload()
    ensure(server.processes("listener") != listeners, "a right file is taken again")
    expect(server.post("/hook", b"{}").status, 202)
print(f"{len(BROKEN) + 1} broken files: refused with their place, the old generation served on")
