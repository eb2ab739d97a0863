"""tail --follow shows the output of a command that has ended, without secrets, also while its
outcome is not in the journal yet: who hears the outcome does not look there."""
import sqlite3

from control import connect, lines, output_of
from harness import SECRET, Server, expect, process_stat, route, script, wait_until

TALK = script('echo "said $SECRET"; echo wrong >&2; echo $$ >"$OUT/pid"; '
              'until [ -e "$OUT/go" ]; do sleep 0.05; done',
              env={"OUT": "@OUT@", "SECRET": SECRET}, name="talk")
with Server([route(actions=[TALK])]) as server:
    event = server.post("/hook", b"{}").json()["id"]
    wait_until(lambda: server.read("pid").endswith(b"\n"), "it runs")
    wait_until(lambda: server.count("delivery", "state = 'running'"), "it is known to run")
    holder = sqlite3.connect(f"{server.state}/journal.db", isolation_level=None, timeout=10)
    holder.execute("BEGIN IMMEDIATE")
    server.write("out/go", "")
    wait_until(lambda: not process_stat(int(server.read("pid"))), "its end is noticed")
    client = connect(server)
    client.sendall(b'{"verb":"follow","id":"%s"}\n' % event.encode())
    coming = lines(client)
    seen = [next(coming), next(coming)]
    expect(output_of(seen).decode(), "said [secret]\n")
    expect(output_of(seen, "error").decode(), "wrong\n")
    holder.execute("ROLLBACK")
    expect(list(coming), [{"action": "talk", "outcome": "done", "exit": 0, "signal": 0,
                           "reason": ""}, {"end": "done"}])
