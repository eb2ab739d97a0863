"""Of ten keys one is stuck, with many events behind it: the others go on;
when the stuck one does, so does all that waited, in order, one at a time."""
import json
import os

from harness import Server, expect, route, script, wait_until
from senders import github_headers

STUCK, BEHIND, EACH = 7, 300, 4
RUN = """mkdir "$OUT/key.$KEY" || echo "two of $KEY" >>"$OUT/wrong"
[ "$KEY" != 7 ] || until [ -e "$OUT/free" ]; do : >"$OUT/stuck"; sleep 0.05; done
echo $KEY.$NUMBER >>"$OUT/ran"; rmdir "$OUT/key.$KEY" """
VALUES = {"OUT": "@OUT@", "KEY": "{{payload.key}}", "NUMBER": "{{payload.number}}"}


def send(key, numbers):
    with server.connect() as connection:
        for number in numbers:
            body = json.dumps({"key": key, "number": number}).encode()
            expect(connection.request("POST", "/hook", body, github_headers(body)).status, 202)


with Server([route(concurrency={"max": 1, "per": "payload.key"},
                   actions=[{**script(RUN, stdin="none"), "env": VALUES}])]) as server:
    send(STUCK, range(1))
    wait_until(lambda: os.path.exists(os.path.join(server.out, "stuck")), "the first event")
    send(STUCK, range(1, BEHIND))
    for key in (key for key in range(10) if key != STUCK):
        send(key, range(EACH))
    wait_until(lambda: server.count("delivery", "state = 'done'") == 9 * EACH, "the nine others")
    expect(server.count("delivery", "state = 'pending'"), BEHIND - 1)
    open(os.path.join(server.out, "free"), "w").close()
    server.wait_settled(seconds=120)
    for key in range(10):
        expect([line for line in server.ledger("ran") if line.startswith(f"{key}.")],
               [f"{key}.{number}" for number in range(BEHIND if key == STUCK else EACH)])
    expect(server.read("wrong"), b"", "two of a key at once")
