"""Under systemd: sockets are served by name; READY, RELOADING, STOPPING, WATCHDOG are told."""
import os
import socket

from harness import Server, ensure, expect, ledger, route, wait_until

STARTER = 'n=$1; shift; exec 3<&$n; LISTEN_PID=$$ LISTEN_FDS=1 LISTEN_FDNAMES=web exec "$@"'
listening = socket.create_server(("127.0.0.1", 0))
with Server([route(actions=[ledger()])], start=False) as server:
    notify_path = os.path.join(server.directory, "notify")
    notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM | socket.SOCK_NONBLOCK)
    notify.bind(notify_path)
    server.env.update(NOTIFY_SOCKET=notify_path, WATCHDOG_USEC="400000")
    server.settings["server"]["listen"][0]["address"] = "systemd:web"
    server.write_settings()
    # the shell keeps its pid through exec, so LISTEN_PID is the program's
    server.pass_fds = (listening.fileno(),)
    server.wrapper = ["bash", "-c", STARTER, "bash", str(listening.fileno())]
    server.start()
    told = []
    def heard(word):
        try:
            told.extend(notify.recv(4096).decode().splitlines())
        except BlockingIOError:
            pass
        return word in told

    wait_until(lambda: heard("READY=1"), "READY=1")
    ensure(server.addresses[0].endswith(f":{listening.getsockname()[1]}"), f"{server.addresses}")
    expect(server.post("/hook", b"{}").status, 202)
    wait_until(lambda: heard("WATCHDOG=1"), "WATCHDOG=1")
    told.clear()
    server.reload()
    wait_until(lambda: heard("READY=1"), "READY=1 after the reload")
    ensure(told.index("RELOADING=1") < told.index("READY=1"), f"RELOADING first: {told}")
    ensure("MONOTONIC_USEC=" in str(told), told)
    expect(server.post("/hook", b"{}").status, 202, "after a reload")
    server.stop()
    wait_until(lambda: heard("STOPPING=1"), "STOPPING=1")
print("served a passed socket; READY, WATCHDOG, RELOADING, READY, STOPPING in order")
