"""status says which events are missing from the journal or are not what was written, with a server
and without one, for as long as that is so."""
import json
import sqlite3

from harness import Server, ensure, expect, route

def found():
    return json.loads(server.tool("status", "--json").stdout)

def change(*statement):
    journal = sqlite3.connect(f"{server.state}/journal.db")
    with journal:
        journal.execute(*statement)
    journal.close()

def told(facts):
    return [item["about"] for item in facts["attention"] if item["about"] != "server"]

with Server([route()], server={"cgroup": "off"}) as server:
    ids = [server.post("/hook", b'{"n": %d}' % n).json()["id"] for n in range(6)]
    server.wait_settled()
    expect(found()["journal"]["integrity"]["compared"], 6)
    ensure("nothing is missing" in server.tool("status").stdout, "people are told")
    server.loses = True
    gone, changed = (server.query("SELECT seq FROM event WHERE id = ?", i)[0][0]
                     for i in (ids[2], ids[4]))
    change("DELETE FROM event WHERE seq = ?", (gone,))
    change("UPDATE event SET client = '192.0.2.1' WHERE seq = ?", (changed,))
    for running in (True, False):
        facts = found()
        integrity = facts["journal"]["integrity"]
        expect(integrity["missing"], {"events": 1, "first": gone, "last": gone, "ids": [ids[2]]})
        expect(integrity["changed"]["ids"], [ids[4]])
        expect(told(facts), ["missing", "changed"], f"running: {running}")
        ensure(ids[2] in facts["attention"][-2]["text"], facts["attention"])
        server.stop()
    change("INSERT INTO removed VALUES (?, ?)", (gone, gone))
    expect(told(found()), ["changed"], "what is known to be gone is not told")
