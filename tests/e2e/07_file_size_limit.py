"""A limit on the size of files is answered 503 and kills nobody; without it events are taken."""
import os
import subprocess

from crash import carried_out, missing_in_journal
from harness import Server, ensure, expect, route, script, server_user, wait_until

LIMIT = 400 * 1024
body = b'"' + b"x" * 20000 + b'"'
note = 'echo "$TENTERHOOK_ID" >>"$OUT/ledger"'
command = script(f'grep SigIgn: /proc/self/status >"$OUT/signals"; {note}')

def children():
    roles = ("runner", "checkpointer", "listener")
    return [pid for role in roles for pid in server.processes(role)]

with Server([route(actions=[command])], start=False) as server:
    server.wrapper = ["prlimit", f"--fsize={LIMIT}:unlimited"]
    server.start()
    acknowledged, before = [], children()
    def send():
        answer = server.post("/hook", body)
        late = answer.status == 503 and answer.headers["retry-after"] >= "1"
        ensure(answer.status == 202 or late, f"{answer}")
        acknowledged.extend([answer.json()["id"]] if answer.status == 202 else [])
        return answer.status

    wait_until(lambda: send() == 503, "503 at the limit", 60)
    for _ in range(20):
        send()  # it may find a little room meanwhile, by beginning the log anew
    expect(children(), before, "the processes: none has died")
    user = server_user()
    become = {"user": user.pw_uid, "group": user.pw_gid} if os.geteuid() == 0 else {}
    for pid in before:  # who they are may lift it
        subprocess.run(["prlimit", "--pid", str(pid), "--fsize=unlimited"], check=True, **become)
    wait_until(lambda: send() == 202, "202 without it", 30)
    carried_out(server, acknowledged)
    ensure(not missing_in_journal(server, acknowledged), "nothing acknowledged is lost")
    expect(int(server.read("signals").split()[1], 16), 0, "signals that a command ignores")
print(f"503 at the limit, {len(acknowledged)} acknowledged and carried out, the same processes")
