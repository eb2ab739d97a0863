"""A reload that is asked for while another one starts is done also where that one does not come
up."""
import os
import signal
import sqlite3

from harness import Server, ledger, route, wait_until

with Server([route(actions=[ledger()])]) as server:
    # a new runner is not ready before it has had the journal's lock
    lock = sqlite3.connect(os.path.join(server.state, "journal.db"), isolation_level=None)
    lock.execute("BEGIN IMMEDIATE")
    server.send_signal(signal.SIGHUP)
    wait_until(lambda: len(server.processes("runner")) == 2, "the runner of the second generation")
    server.settings["routes"].append(route("later"))
    server.write_settings()
    server.send_signal(signal.SIGHUP)
    server.kill(server.processes("runner")[-1])
    wait_until(lambda: "reload_failed" in server.log(), "the second generation to be given up")
    lock.execute("ROLLBACK")
    lock.close()
    wait_until(lambda: "serving generation=3 routes=2" in server.log(), "the third generation")
    # a listener of the first generation may take one more connection before it hears that it drains
    wait_until(lambda: server.post("/later", b"{}").status == 202,
               "the route of the third generation")
    server.wait_settled()
