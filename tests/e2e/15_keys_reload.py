"""While an older generation still runs an event of a key, the newer one starts none of that key,
and others at once; where newer events cancel, they cancel what the older one runs."""
import json
import os

from harness import Server, expect, route, script, wait_until
from senders import github_headers

RUN = """echo $KEY$NUMBER >>"$OUT/began"
[ "$KEY$NUMBER" != a0 ] || until [ -e "$OUT/go" ]; do sleep 0.02; done
[ "$KEY$NUMBER" != c0 ] || sleep 60 & wait $!; echo $KEY$NUMBER >>"$OUT/ended" """
VALUES = {"OUT": "@OUT@", "KEY": "{{payload.key}}", "NUMBER": "{{payload.number}}"}
LIMIT = {"max": 1, "per": "payload.key"}


def send(name, key, number):
    body = json.dumps({"key": key, "number": number}).encode()
    expect(server.post("/" + name, body, github_headers(body)).status, 202)


ACTION = {**script(RUN, stdin="none"), "env": VALUES}
with Server([route("wait", concurrency=LIMIT, actions=[ACTION]),
             route("cancel", concurrency={**LIMIT, "when_full": "cancel_running"},
                   actions=[ACTION])]) as server:
    send("wait", "a", 0)
    send("cancel", "c", 0)
    wait_until(lambda: len(server.ledger("began")) == 2, "both to begin")
    server.reload()
    send("wait", "a", 1)
    send("wait", "b", 0)
    send("cancel", "c", 1)
    wait_until(lambda: {"b0", "c1"} <= set(server.ledger("ended")), "the other keys")
    expect(server.count("delivery", "state = 'pending'"), 1)
    expect(server.query("SELECT count(*) FROM delivery WHERE state = 'superseded'"), [(1,)])
    open(os.path.join(server.out, "go"), "w").close()
    server.wait_settled()
    expect(server.ledger("ended"), ["b0", "c1", "a0", "a1"] if server.ledger("ended")[0] == "b0"
           else ["c1", "b0", "a0", "a1"])
    expect(server.ledger("began").index("a1") > server.ledger("began").index("c1"), True)
