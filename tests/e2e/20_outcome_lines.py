"""Each end of a delivery is one line with id, route, action, peer, reason, without an action too;
what waits in a pipe is not given up."""
import os
import re
import sqlite3

from harness import Server, ensure, expect, ledger, route, script, wait_until

hang = script('echo up >>"$OUT/up"; exec sleep 600', stdin="none")
with Server([route("done", actions=[ledger()]),
             route("failed", actions=[script("exit 3", stdin="none")]), route(
        "hangs", actions=[hang]), route("pipe", actions=[{"pipe": "@OUT@/fifo", "create": "0600"}]),
             route("gone", actions=[{"pipe": "@OUT@/other", "create": "0600"}])]) as server:
    ids = {name: server.post("/" + name, b"{}").json()["id"] for name in ("done", "failed", "hangs",
                                                                          "pipe", "gone")}
    wait_until(lambda: server.read("up"), "the command to run")
    wait_until(lambda: server.count("delivery", "state = 'running'") == 3, "the others to run")
    server.kill_all()
    journal = sqlite3.connect(os.path.join(server.state, "journal.db"))
    with journal:  # as if two runners had died before, and the command ran alone then
        journal.execute("UPDATE delivery SET takeovers = 2, alone = 1 WHERE state = 'running'")
    journal.close()
    del server.settings["routes"][4]
    server.write_settings()
    server.start()
    wait_until(lambda: server.count("delivery", "state = 'dead'") == 3, "two more to be dead")
    wait_until(lambda: server.count("delivery", "state = 'running'") == 1, "the pipe to wait")
    expect(server.query("SELECT route, takeovers FROM delivery d JOIN event e ON e.seq = d.event "
                        "WHERE state = 'running'"), [("pipe", 3)])
    for name, word, reason in (("done", "done", ""), ("failed", "failed", "exited with status 3"), (
            "hangs", "failed", "given up: the runner was gone again while no other command ran"),
                               ("gone", "failed", "no longer has this route or action")):
        lines = [line for line in server.log().splitlines() if ids[name] in line
                 and "runner: " in line]
        expect(len(lines), 1, f"lines of {name}: {lines}")
        ensure(f" {word} id=" in lines[0] and f" route={name} action=1 peer=127.0.0.1 " in lines[0],
               lines[0])
        ensure(reason in lines[0] and re.search(r" attempt=\d+\b", lines[0]), lines[0])
    expect([line for line in server.log().splitlines() if ids["pipe"] in line
            and "runner: " in line], [])
