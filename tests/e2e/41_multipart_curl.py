"""What curl sends with files: fields are values, files are in a directory of the delivery."""
import glob
import json
import os
import subprocess

from harness import Server, ensure, expect, route, script

LOOK = script('cd "$TENTERHOOK_FILES" && stat -c "%a %n" . * >"$OUT/modes" && cat 1 2 >"$OUT/cat"; '
              'printf "%s\\n" "$TENTERHOOK_FILE_COUNT" "$TENTERHOOK_FILE_1" "$TENTERHOOK_FILES" '
              '>"$OUT/env"; mkdir -p a/b/c && touch a/b/c/d && chmod 500 a/b/c')
EVENT = script('cat >"$OUT/event"; cat "$TENTERHOOK_FILE_2" >"$OUT/second"', stdin="event")
VALUE = {"command": ["sh", "-c", 'echo "$1" >"$OUT/$TENTERHOOK_FILE_COUNT"', "sh", "{{form.who}}"],
         "env": {"OUT": "@OUT@"}, "when": [{"value": "form.who", "starts_with": "A"}]}
with Server([route(auth={"none": True}, content="multipart", event="form.kind",
                   title="{{form.who}}", actions=[LOOK, EVENT, VALUE])], plain=True) as server:
    def curl(*options):
        url = server.addresses[1] + "/hook"
        subprocess.run(["curl", "-sSf", *options, url], capture_output=True, check=True)
        server.wait_settled()

    one, two = server.write("1.txt", "one\r\n--x"), server.write("two", "two\n")
    curl("-F", "kind=photo", "-F", 'who=Ada "A" & ü', "-F", f"f=@{one};type=text/x-one",
         "-F", f'g=@{two};filename="../a\\"b\\\\ü.bin"', "-F", f"h=<{two}")
    expect(server.read("modes").split(), b"700 . 600 1 600 2".split(), "files that are private")
    expect((server.read("cat"), server.read("second")), (b"one\r\n--xtwo\n", b"two\n"))
    expect(server.read("env").decode().splitlines()[:1] + server.read("2").decode().splitlines(),
           ["2", 'Ada "A" & ü'])
    expect(glob.glob(os.path.join(server.state, "*-bodies", "*", "*")), [], "directories left")
    event = json.loads(server.read("event"))
    ensure("body_base64" not in event and event["event"] == "photo", event)
    expect(event["form"], {"kind": "photo", "who": 'Ada "A" & ü', "h": "two\n"})
    expect([file.pop("path").rpartition("/")[2] for file in event["files"]], ["1", "2"])
    expect(event["files"], [
        {"name": "f", "filename": "1.txt", "content_type": "text/x-one", "size": 8},
        dict(name="g", filename='../a"b\\ü.bin', content_type="application/octet-stream", size=4)])
    curl("-F", "who=Ada", "-F", "kind=none")
    expect(server.read("0"), b"Ada\n", "a form without files")
    expect(server.query("SELECT title FROM event")[0], ('Ada "A" & ü',))
