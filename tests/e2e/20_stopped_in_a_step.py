"""Who is stopped from the terminal while it has the lock of the journal would keep the server
waiting: so the verbs that change many rows are not."""
import os
import signal
import sqlite3
import subprocess

from harness import PROGRAM, Server, ensure, expect, process_stat, read_proc, route, wait_until

TSTP = 1 << (signal.SIGTSTP - 1)

def ignores(pid):
    status = read_proc(pid, "status")
    return "SigIgn" in status and int(status.split("SigIgn:")[1].split()[0], 16) & TSTP

with Server([route()]) as server:
    event = server.post("/hook", b"{}").json()["id"]
    server.wait_settled()
    server.stop()
    for words in (["prune", "--older-than", "1ms"], ["replay", event]):
        held = sqlite3.connect(os.path.join(server.state, "journal.db"), isolation_level=None)
        held.execute("BEGIN IMMEDIATE")
        with subprocess.Popen([PROGRAM, *words, "-c", server.file], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL, process_group=0) as verb:
            wait_until(lambda: ignores(verb.pid) or verb.poll() is not None, "it to write")
            os.kill(verb.pid, signal.SIGTSTP)
            held.execute("ROLLBACK")
            held.close()
            wait_until(lambda: verb.poll() is not None or process_stat(verb.pid)[1] == "T", words)
            ensure(verb.poll() is not None, f"{words}: it is stopped")
            expect(verb.returncode, 0, words)
    server.start()
