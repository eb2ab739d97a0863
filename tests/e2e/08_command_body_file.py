"""A command has its body in a private file, which is gone when it ends, however its runner dies."""
import glob
import os
import urllib.parse

from harness import Server, ensure, expect, route, script, wait_until

PROBE = script('cat "$TENTERHOOK_BODY_FILE" >"$OUT/$TENTERHOOK_ROUTE"; stat -c %a '
               '"$TENTERHOOK_BODY_FILE" >"$OUT/mode"', body_file=True, stdin="none")
HANGS = script('echo "$TENTERHOOK_BODY_FILE" >"$OUT/path"; [ -e "$OUT/go" ] || exec sleep 1000',
               body_file=True)
MISSING = {"command": ["./missing.sh"], "body_file": True, "retry": {"attempts": 1}}
ENV = script('env >"$OUT/env"')
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
with Server([route(actions=[PROBE, MISSING, ENV]), route("hangs", actions=[HANGS]),
             route("form", auth={"none": True}, content="form", json_field="p",
                   actions=[PROBE])]) as server:
    def files():
        return glob.glob(os.path.join(os.path.dirname(server.file), "**", "*-bodies", "*", "*"),
                         recursive=True)

    body = b'{"a": "' + b"x" * 500000 + b'"}'
    expect(server.post("/hook", body).status, 202)
    server.request("POST", "/form", urllib.parse.urlencode({"p": "[1]"}).encode(), FORM)
    server.wait_settled()
    expect((server.read("hook"), server.read("mode"), server.read("form")),
           (body, b"600\n", b"[1]"))
    ensure(b"BODY_FILE" not in server.read("env"), "only with body_file")
    expect(files(), [], "files when all have ended")
    expect(server.post("/hangs", b"{}").status, 202)
    path = wait_until(lambda: server.read("path").decode().strip(), "the command")
    expect(files(), [path])
    open(f"{server.out}/go", "w").close()
    server.kill(server.processes("runner")[0])
    server.wait_settled()
    ensure(server.read("path").decode().strip() != path, "the file of another attempt")
    expect(files(), [], "files that the dead runner had left")
print(f"a body of {len(body)} bytes and the JSON of a form in a file of mode 600; none is left")
