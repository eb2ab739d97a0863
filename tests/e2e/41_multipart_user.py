"""Files of a form can be read by the user of the action and by nobody else, and go afterwards."""
import glob
import os

from facts import only_root, other_user
from harness import Server, expect, route, script, server_user, wait_until
from multipart import field, file, multipart

only_root()
user = other_user()
LOOK = script('umask 000; stat -c "%U %a" "$TENTERHOOK_FILES" "$TENTERHOOK_FILE_1"; '
              'cat "$TENTERHOOK_FILE_1"; touch "$TENTERHOOK_FILES/x" || ls "$TENTERHOOK_FILES/.."',
              name="look", user=user.pw_name)
HANGS = script("exec sleep 1000", name="hangs", user=user.pw_name)
HEADERS, BODY = multipart(field("a", "1"), file("f", "x", b"content\n"))
with Server([route(auth={"none": True}, content="multipart", actions=[LOOK, HANGS])],
            server={"shutdown_grace": "1s"}) as server:
    def left():
        return glob.glob(os.path.join(server.state, "*-bodies", "*", "*", "*"))

    expect(server.request("POST", "/hook", BODY, HEADERS).status, 202)
    wait_until(lambda: server.query("SELECT 1 FROM output"), "the output of the first")
    output = server.query("SELECT output FROM output WHERE output <> X''")[0][0].decode()
    expect(output.split(), [server_user().pw_name, "711", user.pw_name, "600", "content"])
    wait_until(lambda: len(left()) == 1, "the files of the second")
    server.kill(server.processes("runner")[0])
    wait_until(lambda: server.count("delivery", "attempt = 2"), "its next attempt")
    wait_until(lambda: len(left()) == 1, "the files of that, and no others")
expect(left(), [], "files that are left")
