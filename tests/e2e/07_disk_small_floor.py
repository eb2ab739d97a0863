"""Below a small min_free, what was acknowledged is carried out on a disk that stays full, whatever
commands print."""
from crash import WAITS, let_go
from disk import SmallDisk
from harness import Server, ensure, expect, route, script, wait_until
from senders import Load

PRINTS = script('head -c 60000 /dev/zero; head -c 60000 /dev/zero >&2; exit 1', stdin="none")

with SmallDisk(24) as disk:
    with Server([route(actions=[WAITS, PRINTS])], state=disk.path, journal={"min_free": "1MiB"},
                server={"listeners": 1}) as server:
        with Load(server, 16, size=3000) as load:
            wait_until(lambda: load.statuses.get(503, 0) > 50, "503: the disk is full", 60)
        let_go(server)
        server.wait_settled(60)
        expect(set(load.acknowledged.values()) - set(server.ledger()), set(),
               "acknowledged and not carried out")
        ensure("outputs of commands are not kept" in server.log(),
               "the log says that outputs are dropped")
print(f"{len(load.acknowledged)} acknowledged, then 503, and all of them carried out on the full "
      f"disk")
