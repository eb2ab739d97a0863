"""Having been started by root once locks the server's own user out of nothing: it starts as that
user and goes on."""
import os

from harness import Server, expect, ledger, route, server_user, skip

if os.geteuid() != 0:
    skip("only root can become another user")
user = server_user()
with Server([route(actions=[ledger()])]) as server:
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
    server.stop()
    for name in os.listdir(server.state):
        expect(os.stat(os.path.join(server.state, name)).st_uid, user.pw_uid, f"owner of {name}")
    for path in (server.file, server.key, server.directory):
        os.chown(path, user.pw_uid, user.pw_gid)
    server.wrapper = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid),
                      "--clear-groups"]
    server.start()
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
    expect(len(server.ledger()), 2, "commands")
