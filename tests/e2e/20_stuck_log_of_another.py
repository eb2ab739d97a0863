"""The same where the log's pipe was made by another user (sudo -u, containers), so that it cannot
be opened anew."""
import os

from harness import Server, ledger, route, server_user, skip
from logpipe import LogPipe

if os.geteuid() != 0:
    skip("only root can become another user")
pipe, user = LogPipe(), server_user()
with Server([route(actions=[ledger()])], start=False, stderr=pipe.writing) as server:
    for path in (server.file, server.key, server.directory):
        os.chown(path, user.pw_uid, user.pw_gid)
    server.wrapper = ["setpriv", "--reuid", str(user.pw_uid), "--regid", str(user.pw_gid),
                      "--clear-groups"]
    server.start()
    lost = pipe.check(server)
print(f"300 requests with a full log pipe: all answered and carried out; {lost} lost lines counted "
      f"by one process")
