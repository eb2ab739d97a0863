"""Newer events cancel what runs of their key, with all of its processes; the last of each key runs
to its end, what gave way names the event it gave way to, and no two of a key run at once."""
import json

from harness import Server, ensure, expect, in_threads, route, script, wait_until
from senders import github_headers

KEYS, EACH = 4, 25
RUN = """echo "$TENTERHOOK_ID" >>"$OUT/began"
sleep $((NUMBER == 24 ? 2 : 600)) & wait $!; echo $KEY.$NUMBER >>"$OUT/ended" """
VALUES = {"OUT": "@OUT@", "KEY": "{{payload.key}}", "NUMBER": "{{payload.number}}"}


def send(key):
    with server.connect() as connection:
        for number in range(EACH):
            body = json.dumps({"key": key, "number": number}).encode()
            expect(connection.request("POST", "/hook", body, github_headers(body)).status, 202)
            if number % 6 == 3:  # some are stopped while they run, others before
                began = len(server.ledger("began"))
                wait_until(lambda: len(server.ledger("began")) > began, "one more to begin")


with Server([route(concurrency={"max": 1, "per": "payload.key", "when_full": "cancel_running"},
                   actions=[{**script(RUN, stdin="none"), "env": VALUES}])]) as server:
    in_threads(send, [(key,) for key in range(KEYS)])
    server.wait_settled(seconds=90)
    expect(sorted(server.ledger("ended")), [f"{key}.{EACH - 1}" for key in range(KEYS)])
    spans = server.query("SELECT key, started_ms, ended_ms FROM delivery WHERE attempt"
                         " ORDER BY key, started_ms")
    for before, after in zip(spans, spans[1:]):
        ensure(before[0] != after[0] or before[2] <= after[1], f"two of a key: {before} {after}")
    expect(server.count("delivery", "state = 'done'"), KEYS)
    expect(server.count("delivery", "state = 'superseded'"
                        " AND superseded_by IN (SELECT id FROM event) "
                        " AND reason = 'a newer event took its place: ' || superseded_by"),
           KEYS * (EACH - 1))
    stopped = server.count("delivery", "state = 'superseded' AND attempt = 1")
    ensure(stopped >= KEYS * 3, f"{stopped} were stopped while they ran")
    expect(len([line for line in server.log().splitlines() if " superseded " in line]), stopped)
