"""Routes whose command says two bytes that a test writes into a gate, and no sooner: for answers
from output that have to wait."""
import os

from client import format_request
from harness import expect, route, script, wait_until

COMMAND = script('echo "$TENTERHOOK_ID" >>"$OUT/ledger"; exec dd bs=2 count=1 <"$OUT/gate"',
                 name="run", stdin="none")


def gated(name="gated", deadline="60s"):
    return route(name, auth={"none": True}, delivery="header.x-id", actions=[COMMAND], respond={
        "output": "run", "deadline": deadline, "late": {"status": 200, "body": "later"}})


class Gate:
    def __init__(self, server):
        self.server, self.events = server, 0
        self.end = os.open(server.fifo("gate"), os.O_RDWR)

    def open(self, commands=1):
        """Lets so many commands end."""
        os.write(self.end, b"go" * commands)

    def ask(self, path="/gated", name=None, connection=None):
        """A connection on which an event waits for its command, which has started."""
        started = len(self.server.ledger())
        connection = self.send(path, name, connection)
        wait_until(lambda: len(self.server.ledger()) == started + 1, "the command to start")
        return connection

    def send(self, path="/gated", name=None, connection=None):
        self.events += 1
        connection = connection or self.server.connect()
        return connection.send(format_request("POST", path, b"{}", {
            "Content-Type": "application/json", "X-Id": name or str(self.events)}))

    def expect_answer(self, connection, body, reason=None):
        answer = connection.answer()
        expect((answer.status, answer.body), (200, body))
        if reason:
            self.server.wait_log(f' id=.* status=200 reason="{reason}"')
