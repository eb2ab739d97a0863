"""kill -9 of every process at once under load, five times: after the restart nothing that was
answered 2xx is lost."""
from crash import crash_rounds


def kill(server):
    server.kill_all()
    server.start()


crash_rounds(kill)
