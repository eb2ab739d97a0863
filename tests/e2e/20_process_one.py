"""As process 1 it reaps what commands leave, reloads on SIGHUP, leaves with 0 on SIGTERM."""
import os
import re
import shutil
import signal
import subprocess

from harness import (Server, descendants, expect, process_stat, read_proc, route, script, skip,
                     wait_until)

UNSHARE = ["unshare", "--pid", "--fork", "--mount-proc",
           *([] if os.geteuid() == 0 else ["--map-root-user"])]
if not shutil.which("unshare") or subprocess.run([*UNSHARE, "true"], capture_output=True,
                                                 check=False).returncode:
    skip("no process namespace can be made here")

def zombies(server):
    stats = [process_stat(entry) for entry in os.listdir("/proc") if entry.isdigit()]
    ours = {server.process.pid, *descendants(server.process.pid)}
    return [stat for stat in stats if stat and stat[1] == "Z" and stat[0] in ours]

LATE = 'echo up; exec >/dev/null 2>&1; sleep 0.1; echo "$TENTERHOOK_ID" >>"$OUT/late"'
# in a session of its own when the command ends
orphans = script(f"up=$(setsid -f sh -c '{LATE}')", stdin="none", helpers="keep")
with Server([route(actions=[orphans])], wrapper=UNSHARE) as server:
    [one] = [pid for pid in descendants(server.process.pid)
             if process_stat(pid)[0] == server.process.pid]
    expect(re.search(r"NSpid:.*\t(\d+)$", read_proc(one, "status"), re.M)[1], "1",
           "its number in the container")
    events = [server.post("/hook", b"{}").json()["id"] for _ in range(5)]
    server.wait_settled()
    wait_until(lambda: sorted(server.ledger("late")) == sorted(events), "the orphans' work")
    wait_until(lambda: not zombies(server), "every orphan to be reaped")
    os.kill(one, signal.SIGHUP)
    server.wait_log(r"serving .*generation=2|generation=2.*serving")
    expect(server.post("/hook", b"{}").status, 202, "after the reload")
    os.kill(one, signal.SIGTERM)
    wait_until(lambda: server.process.poll() is not None, "its end", 30)
    expect(server.process.returncode, 0, "the exit status")
print(f"{len(events)} orphans reaped by process 1")
