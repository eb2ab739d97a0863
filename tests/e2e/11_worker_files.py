"""The files of a form are a worker's until it has answered; whoever is sent the event again gets
them anew, and nothing of them is left."""
import glob
import os

from harness import Server, expect, route, wait_until
from workers import kill_worker, worker

# The first process spoils what it was given, and never answers.
LOOKS = """
first = not os.path.exists(f"{OUT}/first")
for event in events():
    paths = [file["path"] for file in event["files"]]
    note(",".join(open(path).read() for path in paths), "first" if first else "second")
    for path in paths if first else []:
        os.remove(path)
    if not first:
        note(os.path.dirname(paths[0]), "directory")
        say(event, ok=True)
"""
BODY = b"".join(b'--x\r\nContent-Disposition: form-data; name="f"; filename="%s"\r\n\r\n%s\r\n'
                % (name, name) for name in (b"one", b"two")) + b"--x--\r\n"
KIND = {"Content-Type": "multipart/form-data; boundary=x"}

with Server([route(auth={"none": True}, content="multipart", actions=[worker(LOOKS)])]) as server:
    expect(server.request("POST", "/hook", BODY, KIND).status, 202)
    wait_until(lambda: server.ledger("first"), "the first process to have it")
    kill_worker(server)
    server.wait_settled()
    expect((server.ledger("first"), server.ledger("second")), (["one,two"], ["one,two"]))
    expect(os.path.exists(server.ledger("directory")[0]), False, "a directory that is left")
    expect(glob.glob(os.path.join(server.state, "*-bodies", "*", "*")), [], "directories left")
