"""The output of a command is the answer, with the status that its exit status means; a copy gets
the same one and runs nothing."""
from harness import Server, expect, route, script

# the body is the script: what it says and how it ends
RUN = {"name": "run", **script('echo "$TENTERHOOK_ID" >>"$OUT/ledger"; . /dev/stdin')}
TEXT, PLAIN, JSON = {"Content-Type": "text/plain"}, "text/plain; charset=utf-8", "application/json"


def answers(name, **respond):
    return route(name, auth={"none": True}, content="raw", delivery="header.x-id", actions=[
        {"shell": "echo nothing of this is an answer"}, RUN],
        respond={"output": "run", "deadline": "60s", **respond})


routes = [answers("plain"), answers(
    "worded", type=JSON, headers={"X-By": "a command"}, size="10B",
    status={"0": 201, "3": 422, "4": 204, "other": 503},
    late={"status": 200, "body": "still at it", "headers": {"X-By": "nobody"}})]
CASES = (("/plain", b"printf 'a\\0\\r\\nX-A: b'", 200, b"a\0\r\nX-A: b", PLAIN, None),
         ("/plain", b":", 200, b"", None, None),
         ("/plain", b"echo no; exit 3", 500, b"no\n", PLAIN, None),
         ("/plain", b"echo x >&2; kill -9 $$", 500, b"", None, None),
         ("/worded", b"echo '[1]'", 201, b"[1]\n", JSON, "a command"),
         ("/worded", b"echo '{}'; exit 3", 422, b"{}\n", JSON, "a command"),
         ("/worded", b"echo gone; exit 4", 204, b"", None, "a command"),
         ("/worded", b"printf 1234567890", 201, b"1234567890", JSON, "a command"),
         ("/worded", b"printf 12345678901", 200, b"still at it", PLAIN, "nobody"),
         ("/worded", b"echo 1; kill -9 $$", 503, b"1\n", JSON, "a command"))
with Server(routes) as server:
    for number, (path, body, *wanted) in enumerate(CASES):
        for _ in range(1 if b"exit" in body or b"kill" in body else 2):
            answer = server.request("POST", path, body, {**TEXT, "X-Id": str(number)})
            expect([answer.status, answer.body, answer.headers.get("content-type"),
                    answer.headers.get("x-by")], wanted, f"{path} {body}")
    server.wait_settled()
    expect(len(server.ledger()), len(CASES))
    server.wait_log('accepted id=.* status=422 reason="the command exited with status 3"')
print(f"{len(CASES)} outputs, and their copies")
