"""kill -9 of a listener under load, five times: it is started again and nothing that was answered
2xx is lost."""
import random

from crash import crash_rounds
from harness import wait_until


def kill(server):
    victim = random.choice(server.processes("listener"))
    server.kill(victim)
    wait_until(lambda: len(set(server.processes("listener")) - {victim}) == 2, "a new listener")


crash_rounds(kill)
