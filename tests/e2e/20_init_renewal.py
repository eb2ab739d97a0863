"""Of certbot's certificate, which the unit's user cannot read, root's init makes a copy, and a
script that copies it again when it is renewed, that of this lineage alone, and reloads."""
import os
import shutil
import subprocess

from first_run import be_installed, make_lineage
from harness import ensure, expect, run_program

be_installed(__file__)
LIVE, HERE = "/var/lib/it's live", "/etc/tenterhook"
make_lineage(LIVE, "hooks.example.org", "hooks.example.org")
made = run_program("init", "--certificates", LIVE)
expect(made.returncode, 0, made.stderr)
ensure("https://hooks.example.org:8443/github" in made.stdout
       and f"ln -s {HERE}/copy-certificate.sh " in made.stdout, made.stdout)


def copied():
    """Whether the copies are what certbot has, and who may read the key."""
    same = [open(f"{HERE}/server.{end}", "rb").read()
            == open(f"{LIVE}/hooks.example.org/{name}.pem", "rb").read()
            for end, name in (("crt", "fullchain"), ("key", "privkey"))]
    what = os.stat(f"{HERE}/server.key")
    expect((what.st_mode & 0o777, what.st_uid), (0o640, 0), "the key's access")
    ensure(what.st_gid == os.stat("/var/lib/tenterhook").st_gid, "the key's group")
    return all(same)


ensure(copied(), "by init")
shutil.rmtree(f"{LIVE}/hooks.example.org")
make_lineage(LIVE, "hooks.example.org", "hooks.example.org")
with open("/etc/systemctl", "w", encoding="utf-8") as file:
    file.write('#!/bin/sh\necho "$@" >>/etc/asked\n')
os.chmod("/etc/systemctl", 0o755)
for renewed, wanted in (("/elsewhere", False), (f"{LIVE}/hooks.example.org", True)):
    subprocess.run([f"{HERE}/copy-certificate.sh"], check=True, env={
        "PATH": "/etc:" + os.environ["PATH"], "RENEWED_LINEAGE": renewed})
    expect((copied(), os.path.exists("/etc/asked")), (wanted, wanted), renewed)
expect(open("/etc/asked", encoding="utf-8").read(), "reload tenterhook\n")
