"""A FIFO that is away with its directory costs no event: all wait, and it is logged once."""
import os
import shutil

from harness import Server, expect, ledger, route, server_user, wait_until
from pipes import Reader

def make_directory():
    os.mkdir(directory)
    if os.geteuid() == 0:
        os.chown(directory, server_user().pw_uid, server_user().pw_gid)

with Server([route("plain", actions=[{"pipe": "@OUT@/run/plain"}]),
             route("made", actions=[{"pipe": "@OUT@/run/made", "create": "0600"}]),
             route(actions=[ledger()])], start=False) as server:
    directory = os.path.join(server.out, "run")
    server.start()
    ids = {path: [server.post("/" + path, b"{}").json()["id"] for _ in range(100)]
           for path in ("plain", "made")}
    wait_until(lambda: server.log().count("pipe_missing") == 2, "a warning for each")
    expect(server.log().count("until its directory exists"), 1, "where it would be created")
    make_directory()
    server.fifo("run/plain")
    for path in ("plain", "made"):
        reader = Reader(os.path.join(directory, path))
        reader.wait_lines(50)
        reader.close()
    shutil.rmtree(shutil.move(directory, directory + ".old"))  # at once, in the middle of it
    for path in ids:  # the first hundred of one may have been written by now
        ids[path] += [server.post("/" + path, b"{}").json()["id"] for _ in range(100)]
    expect(server.post("/hook", b"{}").status, 202)
    wait_until(server.ledger, "another route, meanwhile")
    wait_until(lambda: server.log().count("pipe_missing") >= 3, "another warning")
    make_directory()
    server.fifo("run/plain")
    readers = [Reader(os.path.join(directory, path)) for path in ("plain", "made")]
    server.wait_settled()
    expect(server.count("delivery", "state = 'done'"), 401, "all of them done, none dead")
    for reader in readers:
        reader.close()
