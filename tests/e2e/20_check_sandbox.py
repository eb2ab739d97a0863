"""check --unit names the actions that the unit's sandbox breaks, and refuses a journal that could
not be written in it."""
from facts import only_root
from harness import Server, expect, route
from units import give, make_unit

only_root()
with Server([], start=False, journal={"min_free": "16MiB"}) as server:
    place, unit = server.directory, make_unit(server)
    server.settings["routes"] = [route(concurrency={"max": 1}, actions=[
        {"command": [f"{place}/run.sh"]}, {"pipe": f"{place}/fifo", "create": "0600"},
        {"pipe": f"{place}/state/fifo", "create": "0600"}, {"shell": "sudo -n id", "cwd": "/srv"},
        {"shell": "/usr/bin/sudo -n id", "stdin": "none"}, {"command": ["id"], "cwd": "/root/x"},
        {"shell": "# sudo\nnode.js", "cwd": f"{place}/state"},
        {"command": ["id"], "user": "root", "allow_root": True}])]
    server.write_settings()
    give(server)
    for more, wanted in (("", {}), ("ProtectHome=yes\nPrivateTmp=yes\n", {
            "/root/x is hidden under ProtectHome=yes": 1,
            f"{place}/run.sh is hidden under PrivateTmp=yes": 1,
            f"{place}/fifo is seen by no reader outside under PrivateTmp=yes": 1,
            "error: the journal": 1})):
        with open(unit, "a", encoding="utf-8") as file:
            file.write(more)
        said = server.tool("check", "--unit", unit)
        expect(said.returncode, 1 if more else 0, said.stderr)
        for words, count in ({
                "names sudo, which can gain no rights under NoNewPrivileges=yes of the unit": 3,
                "/srv cannot be written under ProtectSystem=strict": 1,
                f"{place}/fifo cannot be made under ProtectSystem=strict": 0 if more else 1,
                '"user: root" needs a server that is started as root': 1,
                "state/fifo cannot": 0, " node": 0, "/root/x is hidden": len(more[:1]),
                **wanted}).items():
            expect(said.stderr.count(words), count, f"{words}: {said.stderr}")
