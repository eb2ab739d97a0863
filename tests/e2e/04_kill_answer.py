"""kill -9 of the runner or the listener while a sender waits for an output: the sender is answered
late or cut off, the event is kept, and its command runs again."""
import os

from client import format_request
from harness import Server, expect, route, script, wait_until

WAITS = script('echo "$TENTERHOOK_ID" >>"$OUT/ledger"; exec dd bs=2 count=1 <"$OUT/gate"',
               name="run", stdin="none")
ROUTE = route("waits", auth={"none": True}, actions=[WAITS], respond={
    "output": "run", "deadline": "60s", "late": {"status": 200, "body": "later"}})
JSON = {"Content-Type": "application/json"}
with Server([ROUTE], server={"commands": 4, "listeners": 1}) as server:
    gate = os.open(server.fifo("gate"), os.O_RDWR)

    def replace(role, runs):
        """A sender waits for a command; then the process is another one."""
        connection, victim = server.connect(), server.processes(role)[0]
        connection.send(format_request("POST", "/waits", b"{}", JSON))
        wait_until(lambda: len(server.ledger()) == runs, f"start {runs} of the command")
        server.kill(victim)
        wait_until(lambda: [pid for pid in server.processes(role) if pid != victim], "another")
        return connection

    with replace("runner", 1) as waiting:
        answer = waiting.answer()
        expect((answer.status, answer.body), (200, b"later"))
    server.wait_log('accepted id=.* status=200 reason="the runner has gone"')
    wait_until(lambda: len(server.ledger()) == 2, "the command to run again")
    os.write(gate, b"go")
    server.wait_settled()
    expect(len(set(server.ledger())), 1)
    with replace("listener", 3) as waiting:
        expect(waiting.read_all(), b"")
    os.write(gate, b"go")
    server.wait_settled()
    # the place of the sender who was cut off is free again
    os.write(gate, b"ok")
    answer = server.request("POST", "/waits", b"{}", JSON)
    expect((answer.status, answer.body), (200, b"ok"))
    server.wait_settled()
    expect(server.count("delivery", "state = 'done'"), 3)
print("a sender waited through the death of the runner, another was cut off with its listener")
