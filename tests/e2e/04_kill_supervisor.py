"""A supervisor that is killed while others of its processes can do nothing: they end with it, and
the next start serves."""
import signal

from harness import Server, ensure, expect, ledger, process_stat, route, wait_until

with Server([route(actions=[ledger()])], server={"listeners": 2}) as server:
    for number, role in enumerate(("runner", "checkpointer", "listener"), 1):
        expect(server.post("/hook", b"{}").status, 202)
        server.wait_settled()
        held = server.processes(role)[0]
        server.kill(held, signal.SIGSTOP)
        wait_until(lambda pid=held: process_stat(pid)[1] == "T", f"the {role} to stand still")
        server.kill(server.pid)
        server.process.wait()
        server.process.stdout.close()
        server.start()
        wait_until(lambda: len(server.reap()) == 5,
                   "the five processes of the new server, and no other")
        expect(len(server.ledger()), number)
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
    ensure("waiting seconds" not in server.log(), "nobody was waited for")
