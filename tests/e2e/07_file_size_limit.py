"""A limit on the size of files (ulimit -f) is answered 503 and kills nobody; without it events are accepted again."""
import os
import subprocess

from crash import carried_out, missing_in_journal
from harness import Server, ensure, expect, route, script, server_user, wait_until

LIMIT = 400 * 1024
body = b'"' + b"x" * 20000 + b'"'
command = script('grep SigIgn: /proc/self/status >"$OUT/signals"; echo "$TENTERHOOK_ID" >>"$OUT/ledger"')


def children():
    return [pid for role in ("runner", "checkpointer", "listener") for pid in server.processes(role)]


with Server([route(actions=[command])], start=False) as server:
    server.wrapper = ["prlimit", f"--fsize={LIMIT}:unlimited"]
    server.start()
    acknowledged, before = [], children()

    def send():
        answer = server.post("/hook", body)
        ensure(answer.status == 202 or (answer.status, answer.headers["retry-after"] >= "1") == (503, True), f"{answer}")
        acknowledged.extend([answer.json()["id"]] if answer.status == 202 else [])
        return answer.status

    wait_until(lambda: send() == 503, "503 at the limit", 60)
    for _ in range(20):
        send()  # it may find a little room meanwhile, by beginning the log anew
    expect(children(), before, "the processes: none has died")
    become = {"user": server_user().pw_uid, "group": server_user().pw_gid} if os.geteuid() == 0 else {}
    for pid in before:  # who they are may lift it
        subprocess.run(["prlimit", "--pid", str(pid), "--fsize=unlimited"], check=True, **become)
    wait_until(lambda: send() == 202, "202 without it", 30)
    carried_out(server, acknowledged)
    ensure(not missing_in_journal(server, acknowledged), "nothing acknowledged is lost")
    expect(int(server.read("signals").split()[1], 16), 0, "signals that a command ignores")
print(f"503 at the limit, {len(acknowledged)} acknowledged and carried out, the same processes")
