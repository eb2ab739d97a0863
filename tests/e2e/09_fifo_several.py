"""Several pipes of a route get each event: one that nobody reads, and one whose reader has stopped,
hold up neither the third nor commands, and get all of it when somebody reads."""
import json
import os

from harness import Server, expect, ledger, route, wait_until
from pipes import Reader
from senders import github_headers

EVENTS, NAMES = 300, ("read", "stopped", "unread")
actions = [{"name": name, "pipe": "@OUT@/" + name, "create": "0600",
            "format": {"line": "{{payload.number}} {{event.type}} {{payload.filling}}"}}
           for name in NAMES]
with Server([route(actions=[*actions, ledger()])]) as server:
    reader = Reader(f"{server.out}/read")
    stopped = os.open(f"{server.out}/stopped", os.O_RDONLY | os.O_NONBLOCK)
    with server.connect() as connection:
        for number in range(EVENTS):  # more than a FIFO holds
            body = json.dumps({"number": number, "filling": "x" * 1000}).encode()
            expect(connection.request("POST", "/hook", body, github_headers(body)).status, 202)
    reader.wait_lines(EVENTS)
    wait_until(lambda: len(server.ledger()) == EVENTS, "the commands")

    def done(name):
        return server.count("delivery", "state = 'done' AND action = (SELECT number FROM action "
                                        f"WHERE name = '{name}')")
    wait_until(lambda: done("read") == EVENTS, "its outcomes")
    expect((done("stopped") < EVENTS, done("unread")), (True, 0), "what is held up")
    late = [Reader(f"{server.out}/unread"), Reader(f"{server.out}/stopped")]
    os.close(stopped)
    wanted = {b"%d push %s" % (number, b"x" * 1000) for number in range(EVENTS)}
    for one in (reader, *late):
        wait_until(lambda: wanted <= set(one.lines()), "all lines")
    server.wait_settled()
    for one in (reader, *late):
        one.close()
