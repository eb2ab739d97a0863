"""A delivery id that comes again after a crash and a restart is still answered 200 with the first
id and runs nothing."""
from harness import Server, expect, ledger, route

with Server([route(actions=[ledger()]),
             route("off", dedupe="off", actions=[ledger("twice")])]) as server:
    first = server.post("/hook", b"{}", delivery="the same")
    expect(first.status, 202)
    server.wait_settled()
    for restart in (server.reload, lambda: (server.stop(), server.start()),
                    lambda: (server.kill_all(), server.start())):
        again = server.post("/hook", b"{}", delivery="the same")
        expect((again.status, again.json()["id"], again.json()["duplicate"]),
               (200, first.json()["id"], True))
        restart()
    expect(server.post("/hook", b"{}", delivery="the same").status, 200)
    expect(server.post("/off", b"{}", delivery="the same").status, 202, "another route")
    expect(server.post("/off", b"{}", delivery="the same").status, 202, "dedupe: off")
    server.wait_settled()
    expect((server.ledger(), len(server.ledger("twice"))), ([first.json()["id"]], 2))
print("a duplicate after a reload, a restart and a crash: 200 with the first id, run once")
