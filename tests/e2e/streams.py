"""Answers that are sent as they come: a route whose command says each line that a test writes into
the gate, and a client that sees each piece, the end and the trailer."""
import os

from client import format_request, parse_head
from harness import expect, route, script

# a line that is a number ends the command with it, and "die" by a signal; others are said
COMMAND = ('echo "$TENTERHOOK_ID" >>"$OUT/ledger"; echo begun; while read -r line; do '
           'case $line in [0-9]*) exit $line;; die) kill -9 $$;; *) echo "$line";; esac; '
           'done <"$OUT/gate"')


def streamed(name="streamed", text=COMMAND, deadline="60s", action=None, **respond):
    return route(name, auth={"none": True}, content="raw", delivery="header.x-id",
                 actions=[script(text, name="run", stdin="none", **(action or {}))],
                 respond={"output": "run", "stream": True, "deadline": deadline, **respond})


def open_gate(server, name="gate"):
    """Says a line to the command that waits for one; two that wait would share it byte by byte."""
    end = os.open(server.fifo(name), os.O_RDWR)
    return lambda line: os.write(end, line)


class Stream:
    """The answer on a raw connection, in chunks."""
    number = 0

    def __init__(self, raw, path="/streamed", name=None, headers=None):
        Stream.number += 1
        self.raw, self.body, self.trailer = raw, b"", {}
        raw.send(format_request("POST", path, b"x",
                                {"X-Id": name or f"event-{Stream.number}", **(headers or {})}))
        self.status, self.headers = parse_head(self.until(b"\r\n\r\n"))

    def until(self, end):
        """The bytes before `end`, which come next."""
        while end not in self.raw.buffer:
            if not self.raw.receive():
                raise ConnectionError(f"closed within an answer: {self.raw.buffer[:100]!r}")
        part, _, self.raw.buffer = self.raw.buffer.partition(end)
        return part

    def chunk(self):
        """Reads the next chunk; False at the end, with the trailer."""
        size = int(self.until(b"\r\n"), 16)
        while len(self.raw.buffer) < size + 2 and size > 0:
            if not self.raw.receive():
                raise ConnectionError("closed within a chunk")
        if size > 0:
            self.body += self.raw.buffer[:size]
            expect(self.raw.buffer[size:size + 2], b"\r\n")
            self.raw.buffer = self.raw.buffer[size + 2:]
            return True
        while line := self.until(b"\r\n"):
            name, _, value = line.decode().partition(": ")
            self.trailer[name] = value
        return False

    def wait(self, text):
        """Until the body ends with that."""
        while not self.body.endswith(text):
            if not self.chunk():
                raise ConnectionError(f"ended before {text!r}: {self.body!r}")
        return self

    def rest(self):
        """The whole body, and the exit status of the trailer."""
        while not self.trailer and self.chunk():
            pass
        return self.body, self.trailer.get("Tenterhook-Exit-Status")
