"""What has no output by the deadline is answered late while the command goes on: one that runs, a
copy of it, what is past a quarter of the commands; and who has gone away is nobody's concern."""
import os

from client import format_request
from harness import Server, expect, route, script, wait_until

# says two bytes that are written into the gate, and no sooner
WAITS = script('echo "$TENTERHOOK_ID" >>"$OUT/ledger"; exec dd bs=2 count=1 <"$OUT/gate"',
               name="run", stdin="none")


def answers(name, deadline):
    return route(name, auth={"none": True}, delivery="header.x-id", actions=[WAITS], respond={
        "output": "run", "deadline": deadline, "late": {"status": 200, "body": "later"}})


def headers(number):
    return {"Content-Type": "application/json", "X-Id": str(number)}


with Server([answers("short", "50ms"), answers("long", "60s")], server={"commands": 4}) as server:
    gate = os.open(server.fifo("gate"), os.O_RDWR)

    def is_late(path, number, level, reason):
        answer = server.request("POST", path, b"{}", headers(number))
        expect((answer.status, answer.body), (200, b"later"))
        server.wait_log(f'{level} id=.* reason="{reason}"')

    is_late("/short", 1, "accepted", "the command has not ended by the deadline")
    is_late("/short", 1, "duplicate", "the command of the first event has not ended")
    # who waits no longer has given back his place: one is waited for, and no second one
    with server.connect() as waiting:
        waiting.send(format_request("POST", "/long", b"{}", headers(2)))
        wait_until(lambda: len(server.ledger()) == 2, "the second command")
        is_late("/long", 3, "accepted", "too many commands are waited for")
        wait_until(lambda: len(server.ledger()) == 3, "the third command")
        expect(server.count("delivery", "state = 'running'"), 3)
        os.write(gate, b"gogogo")
        answer = waiting.answer()
        expect((answer.status, answer.body), (200, b"go"))
    server.wait_settled()
    with server.connect() as gone:
        gone.send(format_request("POST", "/long", b"{}", headers(4)))
        wait_until(lambda: len(server.ledger()) == 4, "the fourth command")
        gone.reset()
    wait_until(lambda: server.established(0) == 0, "the connection to be closed")
    os.write(gate, b"go")
    server.wait_settled()
    expect(server.count("delivery", "state = 'done'"), 4)
print("late by the deadline, as a copy and past the limit; a client gone")
