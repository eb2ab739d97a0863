"""A command that failed gets a fixed answer of the route file, and so does an event that is not
wanted: before what the route or its provider says otherwise, and for nothing else."""
from harness import Server, expect, route, script

PLAIN, SECRET = "text/plain; charset=utf-8", "a secret that is long enough"
RUN = {"name": "run", **script(". /dev/stdin"), "timeout": "1s"}  # the body is the script


def answers(name, action, **respond):
    return route(name, auth={"none": True}, content="raw", actions=[action],
                 respond={"output": "run", "deadline": "60s", "headers": {"X-By": "me"}, **respond})


def unwanted(name, **keys):
    return route(name, **keys, when={"value": "payload.a", "exists": True}, respond={"body": "ok"})


routes = [
    answers("run", RUN, status={"0": 201, "3": 422}, failed={
        "body": "failed: {{route.name}}", "headers": {"X-By": "the file"}}),
    answers("gone", {"name": "run", "command": ["./gone"]},
            failed={"status": 502, "type": "text/x", "body": "none"}),
    unwanted("open", auth={"none": True}, mismatch={
        "status": 404, "headers": {"X-By": "you"}, "body": "not wanted"}),
    unwanted("gitlab", provider="gitlab", secret=SECRET, mismatch={"body": "no", "type": "a/b"})]
CASES = (("/run", b"echo 1", 201, b"1\n", PLAIN, "me"),
         ("/run", b"echo 3; exit 3", 422, b"3\n", PLAIN, "me"),
         ("/run", b"echo 4; exit 4", 500, b"failed: run", PLAIN, "the file"),
         ("/run", b"echo 5; kill -9 $$", 500, b"failed: run", PLAIN, "the file"),
         ("/run", b"echo 6; sleep 60", 500, b"failed: run", PLAIN, "the file"),
         ("/gone", b"", 502, b"none", "text/x", None),
         ("/open", b"{}", 404, b"not wanted", PLAIN, "you"),
         ("/open", b'{"a":1}', 202, b"ok", PLAIN, None),
         ("/gitlab", b"{}", 200, b"no", "a/b", None))
with Server(routes) as server:
    for path, body, *wanted in CASES:
        headers = {"Content-Type": "application/json", "X-Gitlab-Token": SECRET}
        answer = server.request("POST", path, body, headers)
        said = (answer.headers.get(name) for name in ("content-type", "x-by"))
        expect([answer.status, answer.body, *said], wanted, f"{path} {body}")
