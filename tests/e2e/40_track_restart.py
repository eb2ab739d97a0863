"""Links are valid after a restart, a reload and the death of every process; one whose event is gone
is as unknown as any. All of it with one key, that `keys` does not show."""
import sqlite3

from harness import Server, expect, wait_until
from links import ask, send, states, tracked

with Server([tracked()]) as server:
    link = send(server)
    server.wait_settled()
    server.stop()
    server.start()
    expect(states(ask(server, link)), ("done", "done"))
    server.settings["routes"].append(tracked("new"))
    server.write_settings()
    server.reload()
    expect(send(server, status=200), link, "the link of a copy")
    new = send(server, "/new")
    for role in ("listener", "runner"):
        victim = server.processes(role)[0]
        server.kill(victim)
        wait_until(lambda: victim not in server.processes(role), "it to be gone")
    wait_until(lambda: server.request("GET", new).status == 200, "the others to be there")
    ask(server, link)
    expect(server.count("learned", "provider = 'track'"), 1, "keys")
    expect(server.tool("keys").stdout, "")
    server.kill_all()

    journal = sqlite3.connect(f"{server.state}/journal.db")
    journal.executescript("""DELETE FROM event WHERE route = 'hook';
                             INSERT INTO removed VALUES (1, 1);
                             DELETE FROM delivery WHERE event = (SELECT seq FROM event)""")
    journal.close()
    server.start()
    bodies = {ask(server, gone, 404).body for gone in (link, new, link[:-1])}
    expect(len(bodies), 1)
    ask(server, send(server, name="2"))
