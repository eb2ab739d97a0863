"""Of a secret, key or route file that the user may not open, messages say who cannot, its path, and
what mends it: a command, or the directory that is closed."""
import grp
import os

from facts import only_root
from harness import Server, ensure, route
from units import USER, give

only_root()
with Server([route(secret={"file": "github.secret"})], start=False,
            journal={"min_free": "16MiB"}) as server:
    server.write("x.service", f"[Service]\nUser={USER.pw_name}\nGroup={USER.pw_gid}\n")
    give(server)
    secret = server.write("github.secret", "a secret that is long enough\n")
    os.chmod(secret, 0o600)
    os.chown(secret, USER.pw_uid, -1)
    group = f"chgrp {grp.getgrgid(USER.pw_gid).gr_name} "
    cannot, runs = f"{USER.pw_name} cannot open ", f"; if {USER.pw_name} runs the server: "

    def told(words, path=None, mode=0o600, owner=0):
        path = path or secret
        before = os.stat(path)
        os.chmod(path, mode)
        os.chown(path, owner, 0)
        said = server.tool("check", "--unit", f"{server.directory}/x.service")
        ensure(said.returncode in (1, 3) and words in said.stderr, f"{words}: {said}")
        os.chmod(path, before.st_mode & 0o7777)
        os.chown(path, before.st_uid, before.st_gid)

    for path in (secret, server.key, server.file):
        told(f"{cannot}{path}: Permission denied{runs}{group}{path} && chmod 640 {path}", path)
    told(f"{cannot}{secret}: Permission denied: chmod u+r {secret}", mode=0, owner=USER.pw_uid)
    told(f"{cannot}{secret}: Permission denied: it belongs to bin (mode 0600)", owner=2)
    os.chmod(server.make_directory("in"), 0o700)
    server.settings["routes"] = [route(secret={"file": "in/x.secret"})]
    server.write_settings()
    give(server)
    told(f"{cannot}{server.directory}/in/x.secret: Permission denied: it cannot enter "
         f"{server.directory}/in", f"{server.directory}/in")
