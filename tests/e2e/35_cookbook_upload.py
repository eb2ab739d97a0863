"""The page about a form with a file: its sender sees it kept, and has a link that says so."""
import json
import os
import shutil

from cookbook import Page
from harness import expect, skip
from multipart import field, multipart

if not shutil.which("curl"):
    skip("curl is not installed")
with Page("upload") as server:
    expect(server.try_it(0).splitlines(),
           ["6 bytes have come", "kept as hello.txt", "exit status 0"])
    expect(server.text("files/hello.txt"), "hello\n")
    expect(json.loads(server.try_it(1))["state"], "done")
    path = f"/upload?key={server.text('hooks.secret').strip()}"

    def send(*fields):
        headers, body = multipart(*fields)
        answer = server.request("POST", path, body, headers)
        server.wait_settled()
        return answer.status, answer.body

    for name in ("../x.txt", ".x.txt", "-x.txt/", "x.sh"):
        expect(send(field("name", name)), (422, b"a name such as garden.jpg, please\n"))
    expect(send(field("file", "no name"))[0], 422)
    expect(send(field("name", "a.txt"))[0], 200)
    expect(server.outputs()[1:], ["there must be one file\n"])
    expect(os.listdir(f"{server.directory}/files"), ["hello.txt"])
