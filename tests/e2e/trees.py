"""Commands whose processes get away from their process group, in every way that there is."""
import os
import re
import subprocess
import tempfile

from harness import Server, process_stat, route, skip, wait_until

# a process of each kind that is left; each says its pid and sleeps
SAY = 'sh -c \'echo $$ >>"$OUT/pids"; exec sleep 600\' >/dev/null 2>&1'
LEAVE = {"background": f"{SAY} &", "nohup": f"nohup {SAY} &", "setsid": f"setsid {SAY} &",
         "double": f"(setsid setsid {SAY} &)"}
# until so many have said it
WAIT = 'until [ "$(cat "$OUT/pids" 2>&- | wc -l)" -ge %d ]; do sleep 0.01; done'
# a bomb of 127 processes in sessions of their own, which do not care for TERM
BOMB = """trap '' TERM; echo $$ >>"$OUT/pids"
if [ "$1" -gt 0 ]; then for i in 1 2; do setsid sh "$OUT/bomb" $(($1 - 1)) & done; fi
while :; do sleep 600; done"""


def cgroup_of(server):
    """The cgroup of the server below which commands have theirs; skips the test without."""
    server.wait_log(r" (un)?contained ")
    found = re.search(r" contained cgroup=(\S+)", server.log())
    return found[1] if found else skip("the server can make no cgroups here")


class Delegated:
    """A cgroup that belongs to a user, and how a program starts in it as that user; skips the test
    where none can be made."""

    def __init__(self, user):
        with Server([route()]) as server:
            above = os.path.dirname(cgroup_of(server))
        self.path = tempfile.mkdtemp(prefix="th-delegated-", dir=above)
        subprocess.run(["chown", "-R", f"{user.pw_uid}:{user.pw_gid}", self.path], check=True)
        self.wrapper = ["sh", "-c", 'echo $$ >"$0/cgroup.procs" && exec "$@"', self.path, "setpriv",
                        f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.rmdir(self.path)


def pids(server):
    return [int(pid) for pid in server.ledger("pids")]


def living(server):
    return [pid for pid in pids(server)
            if (stat := process_stat(pid)) and stat[1] != "Z"]


def wait_said(server, count):
    wait_until(lambda: len(pids(server)) == count, f"{count} processes to say their pids")


def kill_all(server):
    """Of what was started: a test ends it, whatever happens to it."""
    for pid in living(server):
        server.kill(pid)
    wait_until(lambda: not (server.reap(), living(server))[1], "the killed processes to end")


def attempts(cgroup):
    """The cgroups of attempts."""
    try:
        return [name for name in os.listdir(cgroup + "/commands") if name.startswith("a-")]
    except FileNotFoundError:
        return []
