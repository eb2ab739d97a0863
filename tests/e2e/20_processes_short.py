"""Where no more processes may start, a start ends with 3, a reload keeps the old generation."""
import os
import subprocess

from harness import PROGRAM, Server, expect, ledger, route, skip, wait_until

if os.geteuid() != 0:
    skip("only root can become somebody whose processes are counted")
USER = 40000 + os.getpid() % 20000  # whom nobody else is
# LeakSanitizer begins a process at the end
become = ["env", "ASAN_OPTIONS=detect_leaks=0", "setpriv", f"--reuid={USER}", f"--regid={USER}",
          "--clear-groups"]
tried = subprocess.run(["prlimit", "--nproc=1:", *become, PROGRAM, "--version"],
                       capture_output=True, text=True, check=False)
if tried.returncode != 0:
    skip(f"nobody can become user {USER} with a limit here: {tried.stderr}")

def limited(server, processes):
    subprocess.run(["chown", "-R", f"{USER}:{USER}", server.directory], check=True)
    server.wrapper = ["prlimit", f"--nproc={processes}:", *become]
    return server

for processes in (1, 2, 3):  # the supervisor; and the runner; and the checkpointer
    with limited(Server([route()], start=False), processes) as server:
        server.start(wait=False)
        wait_until(lambda: server.process.poll() is not None, "the start to be given up", 20)
        expect(server.process.returncode, 3, "exit status")
        server.wait_log("start_failed")
with limited(Server([route(actions=[ledger()])], start=False), 6) as server:  # one generation
    server.start()
    for number in (1, 2):
        server.reload()
        wait_until(lambda n=number: server.log().count("reload_failed") == n, "the refusal")
        expect(server.request("POST", "/nowhere").status, 404, "the old generation serves")
    subprocess.run([*become, "prlimit", "--pid", str(server.pid), "--nproc=64:"], check=True)
    server.reload()
    server.wait_log("serving generation=4")
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
print("three starts without processes ended with 3; two reloads were refused, a third succeeded")
