"""The pages whose events choose a script: each kind calls its own, once, with its arguments."""
from cookbook import Page
from harness import ensure, expect

REPOSITORY = {"name": "moss", "full_name": "a/moss", "clone_url": "https://x/moss.git"}
GARDEN = {**REPOSITORY, "full_name": "example/garden"}
PUSH = {"ref": "refs/heads/main", "after": "c0ffee", "deleted": False, "repository": REPOSITORY}
PROJECT = {"path_with_namespace": "example/garden", "web_url": "https://x/garden"}
PAID = {"id": "evt_2", "type": "checkout.session.completed", "livemode": True, "data": {"object": {
    "id": "cs_2", "amount_total": 99, "currency": "chf"}}}
IGNORED = None
# page, sender, path, what its own event prints, [(body, event, what it prints)]
CASES = (
    ("several-repositories", "github", "/github", "blog: publish main", [
        (PUSH | {"repository": GARDEN}, "push", "garden at c0ffee"),
        (PUSH | {"ref": "refs/tags/v1"}, "push", "release v1 of https://x/moss.git"),
        (PUSH | {"repository": GARDEN, "ref": "refs/tags/v2"}, "push",
         "release v2 of https://x/moss.git"),
        (PUSH, "push", "nothing to do for refs/heads/main of a/moss"),
        (PUSH | {"deleted": True}, "push", IGNORED), (PUSH, "star", IGNORED)]),
    ("gitlab", "gitlab", "/gitlab", "merged: tomatoes", [
        ({"project": PROJECT, "ref": "refs/heads/main", "checkout_sha": "c0ffee"}, "Push Hook",
         "push: c0ffee"),
        ({"project": PROJECT, "object_attributes": {"status": "failed"}}, "Pipeline Hook",
         "pipeline: failed https://x/garden"),
        ({"project": PROJECT, "object_attributes": {"status": "ok"}}, "Pipeline Hook", IGNORED),
        ({"project": PROJECT, "ref": "refs/heads/a", "checkout_sha": "c"}, "Push Hook", IGNORED),
        ({"project": PROJECT, "ref": "refs/heads/main", "checkout_sha": None}, "Push Hook",
         IGNORED)]))
for name, sender, path, own, others in CASES:
    with Page(name) as server:
        ensure(server.try_it(0).startswith("202 "), name)
        ensure(" done " in server.try_it(1), "the list")
        wanted = [own]
        for body, event, printed in others:
            status, answer = server.send(sender, path, body, "--event", event)
            expect((status, "ignored" in answer), ((202, False), (200, True))[printed is IGNORED])
            wanted += [printed] if printed else []
            expect([said.strip() for said in server.outputs()], wanted, f"{body}")
