"""`replay` asks at a terminal where several events are meant, and runs nothing on a no or a dry
run; with --wait it tells each outcome, and fails if one does."""
import json

from harness import Server, ensure, expect, route, script
from terminal import on_terminal

build = script('echo x >>"$OUT/ran"; [ -e "$OUT/mended" ]', name="build")
with Server([route(actions=[build, script("true", name="note")])]) as server:
    def ran():
        server.wait_settled()
        return len(server.ledger("ran"))

    def asked(*words, keys):
        return on_terminal("replay", *words, "-c", server.file, keys=keys).decode()

    ids = [server.post("/hook", json.dumps({"n": n}).encode()).json()["id"] for n in range(3)]
    expect(ran(), 3)
    dry = server.tool("replay", "--dead", "--dry-run")
    expect(dry.stdout, "".join(f"{one}  hook  build\n" for one in ids) +
           "3 events, 3 deliveries would run again\n")
    for keys in (b"\n", b"n\n", b"\x04"):
        said = asked("--dead", keys=keys)
        ensure("replay 3 deliveries of 3 events? [y/N]" in said and "nothing is" in said, said)
    expect(ran(), 3, "after noes and a dry run")
    said = asked("--dead", "--wait", keys=b"y\n")
    ensure(said.count("  build: dead, exited with status 1") == 3, said)
    ensure("3 deliveries pending again" in said and "a new budget of attempts" in said, said)
    expect(ran(), 6, "after a yes")
    ensure("?" not in asked("--dead", "--yes", keys=b"") + asked(ids[0], keys=b""), "not asked")
    expect(ran(), 9)
    waited = server.tool("replay", "--dead", "--wait", "--action", "build")
    ensure(waited.returncode == 1 and waited.stdout.endswith("\n3 ended, 3 dead\n"), waited)
    open(server.out + "/mended", "w").close()
    where = "{value: payload.n, greater: 0}"
    waited = server.tool("replay", "--where", where, "--state", "dead", "--wait")
    expect(waited.stdout, "2 events, 2 deliveries pending again\n" +
           "".join(f"{one}  build: done\n" for one in ids[1:]) + "2 ended, 0 dead\n")
    expect(server.count("delivery", "state = 'dead'"), 1, "which was not chosen")
