"""Commands of another user end like all others: at their timeout, with the server, and with their
runner, whose successor has the same rights."""
import os

from facts import only_root, other_user, outputs, wait_reason
from harness import Server, ensure, expect, process_stat, route, script, wait_until

only_root()
user = other_user()
stubborn = script('echo $$ >>"$OUT/stubborn"; trap "" TERM; while :; do sleep 1; done',
                  name="stubborn", user=user.pw_name, timeout="1s", kill_after="200ms")
waits = script('echo $$ >>"$OUT/waits"; id -un; [ "$TENTERHOOK_ATTEMPT" -gt 1 ] || exec sleep 60',
               name="waits", user=user.pw_name)


def processes(server, name, count):
    """Those that have run, in their order, once there are so many."""
    return wait_until(lambda: len(server.ledger(name)) >= count and
                      list(map(int, server.ledger(name))), f"{count} of {name}")


with Server([route(actions=[stubborn, waits])], start=False) as server:
    os.chmod(server.out, 0o777)
    server.start()
    expect(server.post("/hook", b"{}").status, 202)
    pid = processes(server, "waits", 1)[0]
    expect(os.stat(f"/proc/{pid}").st_uid, user.pw_uid, "whose process it is")
    ensure("timeout" in wait_reason(server, "stubborn"), "the timeout is the reason")
    wait_until(lambda: not process_stat(processes(server, "stubborn", 1)[0]), "KILL to reach it")
    server.kill(server.processes("runner")[0])
    wait_until(lambda: server.reap() is not None and not process_stat(pid), "it to be killed too")
    processes(server, "waits", 2)
    server.wait_settled()
    expect(outputs(server)["waits"].split()[-1].decode(), user.pw_name, "with the next runner")
