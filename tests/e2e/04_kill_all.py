"""kill -9 of every process at once under load, five times: after the restart nothing that was answered 2xx is lost."""
from crash import crash_rounds


def kill(server):
    listening = server.addresses
    server.kill_all()
    port = listening[0].rpartition(":")[2]  # the senders know this one
    server.settings["server"]["listen"][0]["address"] = "127.0.0.1:" + port
    server.write_settings()
    server.start(wait=False)
    server.wait_ready()


crash_rounds(kill)
