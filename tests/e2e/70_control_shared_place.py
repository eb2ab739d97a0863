"""The first server has its socket in /run/tenterhook, another one beside its journal, and each is
asked by its journal; the socket of one that was killed there is replaced."""
import json
import os
import shutil
import subprocess

from harness import PROGRAM, Server, expect, ledger, route, server_user, skip

if os.geteuid() != 0:
    skip("only root has a /run of its own")
SCRIPT = (f"mount -t tmpfs none /run && mkdir /run/tenterhook && chown {server_user().pw_uid} "
          '/run/tenterhook && exec "$@"')
NAMESPACE = ["unshare", "-m", "--propagation", "private", "sh", "-c", SCRIPT, "sh"]
if subprocess.run([*NAMESPACE, "true"], stderr=subprocess.DEVNULL, check=False).returncode:
    skip("no mount namespaces here")

def pid_of(server):
    said = subprocess.run(["nsenter", "-t", str(first.pid), "-m", PROGRAM, "status", "--json", "-c",
                           server.file], capture_output=True, text=True, check=False).stdout
    return json.loads(said).get("server", {}).get("pid")

def is_beside(server):
    return os.path.exists(server.state + "/journal.db.control")

with Server([route(actions=[ledger()])], wrapper=NAMESPACE) as first:
    expect(is_beside(first), False, "it is in /run/tenterhook")
    beside = ["nsenter", "-t", str(first.pid), "-m"]
    second = Server([route(actions=[ledger()])], wrapper=beside)
    expect(is_beside(second), True, "the place is taken")
    expect((pid_of(first), pid_of(second)), (first.pid, second.pid))
    second.stop()
    expect(pid_of(second), None, "the other one has another journal")
    shutil.rmtree(second.directory)
    namespace = subprocess.Popen([*beside, "sleep", "600"])  # keeps it
    first.kill_all()
    first.wrapper = ["nsenter", "-t", str(namespace.pid), "-m"]
    first.start()
    namespace.kill()
    expect((is_beside(first), pid_of(first)), (False, first.pid), "once more in its place")
