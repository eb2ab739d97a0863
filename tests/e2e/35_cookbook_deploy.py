"""The page "Deploy one branch": a push to main brings a clone to the commit; nothing else does."""
import json
import os
import subprocess

from cookbook import Page
from harness import ensure, expect

PLACE, COMMIT = "/srv/garden", "c0ffee12a3b4c5d6e7f8091a2b3c4d5e6f708192"
page = Page("deploy-one-branch", (PLACE, "@DIR@/garden"), start=False)


def git(where, *words):
    identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
    return subprocess.run(["git", "-C", f"{page.directory}/{where}", *identity, *words], check=True,
                          capture_output=True, text=True).stdout.strip()


def commit(name):
    git("origin", "commit", "-q", "--allow-empty", "-m", name)
    return git("origin", "rev-parse", "HEAD")


with page as server:
    os.mkdir(f"{server.directory}/origin")
    git("origin", "init", "-q", "-b", "main")
    commit("first")
    git(".", "clone", "-q", "origin", "garden")
    second = commit("second")
    server.pairs.append((COMMIT, second))
    server.write("push.json", server.adapt(server.files["push.json"]))
    server.own()
    server.start()
    ensure(server.try_it(0).startswith('202 {"id"'), "the answer")
    ensure(" done " in server.try_it(1), "the list")
    expect(server.outputs(), [f"deployed main at {second}\n"])
    push = json.loads(server.text("push.json"))
    for change, event in (({"ref": "refs/heads/try"}, "push"), ({}, "star"), (
            {"repository": {"full_name": "example/other"}}, "push")):
        status, answer = server.send("github", "/github", json.dumps(push | change), "--event", event)
        expect((status, "ignored" in answer), (200, True), f"{change} {event}")
    option = json.dumps(push | {"after": "--all"})
    expect(server.send("github", "/github", option, "--event", "push")[0], 422, "an option for git")
    with open(f"{server.directory}/garden/.git/HEAD", encoding="ascii") as head:
        expect(head.read().strip(), second, "the clone")
    expect(server.count(), 1, "events")
print("one push deployed, three ignored, one refused")
