"""Of a journal of somebody else, check and serve say whose it is, who runs, what to type."""
import os
import pwd
import subprocess

from harness import PROGRAM, Server, ensure, expect, route, server_user

def said(server, verb, status):
    done = subprocess.run([PROGRAM, verb, "-c", server.file], capture_output=True, text=True,
                          timeout=60, check=False)
    expect(done.returncode, status, f"{verb}: {done.stderr}")
    return done.stderr

def told(server, *words):
    for verb, status in (("check", 0), ("serve", 3)):
        text = said(server, verb, status)
        ensure(all(word in text for word in words), f"{verb}: {words} in {text}")

is_root = os.geteuid() == 0
runs = server_user().pw_name if is_root else pwd.getpwuid(os.geteuid()).pw_name
with Server([route()], journal={"min_free": "16MiB"}, start=False) as server:
    if is_root:
        os.chown(server.state, 0, 0)
        told(server, f"{server.state} belongs to root, and {runs}, the user of the server, cannot "
             f"write it: chown {runs} {server.state}")
        os.chown(server.state, server_user().pw_uid, -1)
        journal = os.path.join(server.state, "journal.db")
        with open(journal, "w") as file:  # a backup that root has put back
            file.write("x")
        told(server, f"{journal} belongs to root", f"chown {runs} {journal}")
        os.remove(journal)
        os.chmod(server.directory, 0o700)
        told(server, f"{runs}, the user of the server, cannot reach {server.state}: it cannot "
             f"enter {server.directory}")
        os.chmod(server.directory, 0o755)
    os.chmod(server.state, 0o500)
    told(server, f"belongs to {runs}, the user of", f"mode is 0500: chmod u+rwx {server.state}")
    os.chmod(server.state, 0o700)
    expect(said(server, "check", 0), "", "when it is right")
print(f"the server runs as {runs}")
