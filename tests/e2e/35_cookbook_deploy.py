"""The page "Deploy one branch": a push to main brings a clone to the commit; nothing else does."""
import json
import shutil

from cookbook import Garden, Page
from harness import ensure, expect, skip

if not shutil.which("git"):
    skip("git is not installed")
with Page("deploy-one-branch", ("/srv/garden", "@DIR@/garden"), start=False) as server:
    garden = Garden(server)
    second = garden.commit("second")
    server.adapt_file("push.json", ("c0ffee12a3b4c5d6e7f8091a2b3c4d5e6f708192", second))
    server.own()
    server.start()
    ensure(server.try_it(0).startswith('202 {"id"'), "the answer")
    ensure(" done " in server.try_it(1), "the list")
    expect(server.outputs(), [f"deployed main at {second}\n"])
    push = json.loads(server.text("push.json"))
    for change, event in (({"ref": "refs/heads/try"}, "push"), ({}, "star"), (
            {"deleted": True, "after": "0" * 40}, "push"), (
            {"repository": {"full_name": "example/other"}}, "push")):
        status, answer = server.send("github", "/github", push | change, "--event", event)
        expect((status, "ignored" in answer), (200, True), f"{change} {event}")
    expect(server.send("github", "/github", push | {"after": "--all"}, "--event", "push")[0], 422,
           "an option for git")
    expect((garden.head(), server.count()), (second, 1), "the clone, and the events")
print("one push deployed, four ignored, one refused")
