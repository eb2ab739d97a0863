"""With `no_new_privs: false` a command can gain rights by a program that gives some, and is ended
all the same; the commands beside it cannot."""
import json
import os

from facts import action, only_root, other_user, outputs, place_helper, wait_reason
from harness import Server, ensure, expect, process_stat, route, skip, wait_until

only_root()
actions = [action("gains", program="rootly", no_new_privs=False),
           action("other", program="rootly", no_new_privs=False, user=other_user().pw_name),
           action("cannot", program="rootly"),
           action("stays", "on", program="rootly", no_new_privs=False, timeout="1s")]
with Server([route(actions=actions)], start=False) as server:
    path = place_helper(server, "rootly", 0o4755)
    if os.statvfs(path).f_flag & os.ST_NOSUID:
        skip("programs of a temporary directory give no rights here")
    server.start()
    expect(server.post("/hook", b"{}").status, 202)
    ensure("timeout" in wait_reason(server, "stays"), "the timeout is the reason")
    server.wait_settled()
    seen = {name: json.loads(text) for name, text in outputs(server).items()}
    for name in ("gains", "other", "stays", "cannot"):
        real, effective, _ = seen[name]["uid"]
        ensure(real != 0, f"{name}: the real user stays")
        expect(effective == 0, name != "cannot", f"{name}: whether it has gained root's rights")
    wait_until(lambda: not process_stat(seen["stays"]["pid"]), "root's process to be gone", 5)
