"""While an event of a key waits for its retry those behind it wait with it, those of other keys do
not; also when the server is killed meanwhile, and where events waited before the key was named."""
import json

from harness import Server, expect, route, script, wait_until
from senders import github_headers

RUN = """echo $KEY.$NUMBER.$TENTERHOOK_ATTEMPT >>"$OUT/ran"
[ "$KEY.$NUMBER.$TENTERHOOK_ATTEMPT" != a.2.1 ] || exit 75
until [ -e "$OUT/go" ] || [ $KEY = b ]; do sleep 0.02; done"""
VALUES = {"OUT": "@OUT@", "KEY": "{{payload.key}}", "NUMBER": "{{payload.number}}"}


def send(*events):
    for event in events:
        body = json.dumps({"key": event[0], "number": int(event[1])}).encode()
        expect(server.post("/hook", body, github_headers(body)).status, 202)


with Server([route(concurrency={"max": 1}, actions=[
        {**script(RUN, stdin="none", retry={"backoff": "1500ms"}), "env": VALUES}])]) as server:
    send("a0", "a1")
    wait_until(lambda: server.ledger("ran"), "the first event")
    server.settings["routes"][0]["concurrency"]["per"] = "payload.key"
    server.write_settings()
    server.kill_all()
    server.start()
    send("a2", "a3", "a4", "b0")
    open(server.out + "/go", "w").close()
    wait_until(lambda: server.count("delivery", "state = 'pending' AND failures = 1"), "a retry")
    send("b1")
    wait_until(lambda: server.count("delivery", "key = 0 AND state = 'done'") == 2
               and "b.1.1" in server.ledger("ran"), "another key, and what had none")
    server.kill_all()
    server.start()
    send("a5")
    server.wait_settled()
    ran = sorted((line for line in server.ledger("ran") if line[0] == "a"),
                 key=lambda line: line[2] >= "2")  # what had no key is in an order of its own
    expect(ran, ["a.0.1", "a.0.2", "a.1.1", "a.2.1", "a.2.2", "a.3.1", "a.4.1", "a.5.1"])
