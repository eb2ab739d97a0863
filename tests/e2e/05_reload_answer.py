"""A sender that waits for an output gets it through a reload; what the older generation does not
start any more is answered late."""
import os

from client import format_request
from harness import Server, expect, route, script, wait_until

WAITS = script('echo "$TENTERHOOK_ID" >>"$OUT/ledger"; exec dd bs=2 count=1 <"$OUT/gate"',
               name="run", stdin="none")
ROUTE = route("waits", auth={"none": True}, actions=[WAITS], respond={
    "output": "run", "deadline": "60s", "late": {"status": 200, "body": "later"}})
REQUEST = format_request("POST", "/waits", b"{}", {"Content-Type": "application/json"})
with Server([ROUTE], server={"commands": 8, "shutdown_grace": "10s"}) as server:
    gate = os.open(server.fifo("gate"), os.O_RDWR)
    with server.connect() as waiting, server.connect() as fresh:
        waiting.send(REQUEST)
        wait_until(lambda: len(server.ledger()) == 1, "the command")
        server.reload()
        server.wait_log("listener: draining")
        # to the older runner, which leaves it to the newer one
        fresh.send(REQUEST)
        answer = fresh.answer()
        expect((answer.status, answer.body), (200, b"later"))
        server.wait_log('accepted id=.* reason="the command is left to another runner"')
        os.write(gate, b"gogo")
        answer = waiting.answer()
        expect((answer.status, answer.body), (200, b"go"))
    server.wait_settled()
    server.wait_log("generation_left")
    # a stop waits for the command, and then for nothing more
    with server.connect() as waiting:
        waiting.send(REQUEST)
        wait_until(lambda: len(server.ledger()) == 3, "the third command")
        server.stop()
        answer = waiting.answer()
        expect((answer.status, answer.body), (200, b"later"))
    server.wait_log('accepted id=.* reason="the command was stopped with the server"')
    expect(server.query("SELECT state, count(*) FROM delivery GROUP BY 1"),
           [("done", 2), ("pending", 1)])
print("an output through a reload, and the late answer of a stop")
