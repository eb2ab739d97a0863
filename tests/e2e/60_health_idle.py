"""The health check finds a disk that takes nothing though no event comes, with one write a second at most, and so its end."""
import os
import signal
import subprocess
import time

from harness import Server, ensure, expect, route, server_user, wait_until

with Server([route()], server={"health": "/healthz", "listeners": 1}) as server:
    def status():
        return server.request("GET", "/healthz").status

    def pages():
        return os.path.getsize(f"{server.state}/journal.db-wal") // 4120

    become = {"user": server_user().pw_uid, "group": server_user().pw_gid} if os.geteuid() == 0 else {}
    expect(status(), 200)
    before, begun = pages(), time.monotonic()
    with server.connect() as connection:
        asked = [connection.request("GET", "/healthz").status for _ in range(500)]
    ensure(pages() - before <= 2 * (time.monotonic() - begun) + 2, f"{pages() - before} pages in {time.monotonic() - begun:.1f} s")
    for limit, wanted in ("0:unlimited", 503), ("unlimited", 200):
        subprocess.run(["prlimit", "--pid", str(server.processes("runner")[0]), f"--fsize={limit}"], check=True, **become)
        wait_until(lambda: status() == wanted, f"{wanted} with a limit of {limit}", 30)
    for number, wanted in (signal.SIGSTOP, 503), (signal.SIGCONT, 200):
        os.kill(server.processes("runner")[0], number)
        wait_until(lambda: status() == wanted, f"{wanted} after {number}", 30)
        if wanted == 503:
            expect(server.request("GET", "/healthz").json()["message"], "the runner did not answer in time")
    expect((set(asked), server.count()), ({200}, 0))
