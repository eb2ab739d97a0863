"""kill -9 of the runner under load, five times: nothing that was answered 2xx is lost."""
from crash import crash_rounds
from harness import wait_until


def kill(server):
    victim = server.processes("runner")[0]
    server.kill(victim)
    wait_until(lambda: [pid for pid in server.processes("runner") if pid != victim], "a new runner")


crash_rounds(kill)
