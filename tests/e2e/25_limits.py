"""A command that goes beyond one of its limits is stopped, with a reason that names the limit where
the system says so; the others run as if it were not there."""
import os

from facts import other_user, wait_reason
from harness import Server, ensure, expect, ledger, route, script

burn = "while :; do :; done"
actions = [
    script(burn, name="cpu", limits={"cpu": "1s"}),
    script(f"trap '' XCPU; {burn}", name="stubborn", limits={"cpu": "1s"}),
    script('exec head -c 2M /dev/zero >"$OUT/large"', name="file", limits={"file_size": "1MiB"}),
    script("head -c 99M /dev/zero | tail -c 99M | wc -c", name="memory",
           limits={"memory": "64MiB"}),
    script(": 3</dev/null 4<&3 5<&3 6<&3 7<&3 8<&3 9</dev/null", name="files", limits={"files": 9}),
    ledger(),
]
beyond = {
    "cpu": "was killed by signal 24 (CPU time limit exceeded)",
    "stubborn": "was killed by signal 9 (Killed)",
    "file": "was killed by signal 25 (File size limit exceeded)",
    "files": "exited with status 2",
}
if os.geteuid() == 0:  # a user's processes are counted, and nobody else is this user
    actions.append(script("for i in 1 2 3 4 5 6 7 8; do sleep 60 & done; wait", name="processes",
                          user=other_user().pw_name, limits={"processes": 5}))
    beyond["processes"] = "exited with status 2"
with Server([route(actions=actions)]) as server:
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled(60)
    for name, reason in beyond.items():
        expect(wait_reason(server, name), reason, name)
    (total,), = server.query("SELECT output FROM output WHERE output_total > 0")
    ensure(int(total) < 99 << 20, f"{int(total)} bytes in a memory of 64 MiB")
    expect(os.path.getsize(os.path.join(server.out, "large")), 1 << 20, "bytes of the file")
    expect(len(server.ledger()), 1, "commands that run as usual")
print("; ".join(f"{name}: {reason}" for name, reason in beyond.items()))
