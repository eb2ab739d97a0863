"""The files of a delivery whose runner is killed are gone, and the next attempt has them again; a
disk that is full is waited for."""
import glob
import os

from disk import SmallDisk
from harness import Server, ensure, expect, route, script, wait_until
from multipart import field, file, multipart

HANGS = script('mkdir -p "$TENTERHOOK_FILES/a/b" && touch "$TENTERHOOK_FILES/a/b/c"; '
               'echo "$TENTERHOOK_FILES" >"$OUT/path"; [ -e "$OUT/go" ] || exec sleep 1000; '
               'cat "$TENTERHOOK_FILE_1" >"$OUT/file"')
HEADERS, BODY = multipart(field("a", "1"), file("f", "../../etc/passwd", b"x" * 100000))
with SmallDisk(2) as disk:
    with Server([route(auth={"none": True}, content="multipart", actions=[HANGS])],
                env={"RUNTIME_DIRECTORY": disk.path}) as server:
        def left():
            return glob.glob(os.path.join(disk.path, "bodies", "*", "*"))

        expect(server.request("POST", "/hook", BODY, HEADERS).status, 202)
        path = wait_until(lambda: server.read("path").decode().strip(), "the command")
        expect(left(), [path])
        expect(sorted(os.listdir(path)), ["1", "a"])
        server.write("out/go", "")
        server.kill(server.processes("runner")[0])
        server.wait_settled()
        ensure(server.read("path").decode().strip() != path, "another directory")
        expect((server.read("file"), left()), (b"x" * 100000, []))
        disk.fill(leave=4096)
        os.unlink(os.path.join(server.out, "file"))
        expect(server.request("POST", "/hook", BODY, HEADERS).status, 202)
        wait_until(lambda: server.count("delivery", "state = 'running'"), "the delivery under way")
        expect((server.read("file"), left()), (b"", []), "while the disk is full")
        disk.make_room()
        server.wait_settled()
        expect((server.read("file"), left()), (b"x" * 100000, []))
        expect(server.count("delivery", "attempt = 1"), 1, "attempts, but for the killed one")
