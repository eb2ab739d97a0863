"""A stream is late by the deadline, the size, past a quarter of the commands and as a copy of what
runs: the last line and the trailer say so, and the command goes on."""
from harness import Server, expect
from streams import COMMAND, Stream, open_gate, streamed

EVENT = {"X-Event": "{{event.id}}"}
SOON = {"headers": EVENT, "deadline": "300ms"}
ROUTES = [streamed(headers=EVENT),
          streamed("other", COMMAND.replace("gate", "other"), headers=EVENT),
          streamed("half", 'printf half; read -r line <"$OUT/gate"', **SOON),
          streamed("said", late={"body": "later, {{event.id}}"}, **SOON),
          streamed("long", "printf 1234567890", size="9B", headers=EVENT)]


def expect_late(raw, path, output, reason, line="late: {}; the event is {}\n", name=None):
    answer = Stream(raw, path, name)
    said = line.format(reason, answer.headers["x-event"])
    expect(answer.rest(), (output + said.encode(), "late"), path)


with Server(ROUTES, server={"commands": 4}) as server:
    say, say_other = open_gate(server), open_gate(server, "other")
    with server.connect() as raw:
        expect_late(raw, "/half", b"half\n", "the command has not ended by the deadline")
    say(b"x\n")  # it has gone on
    with server.connect() as raw:
        reason = "the command has put out more than is kept or allowed"
        expect_late(raw, "/long", b"123456789\n", reason)
    with server.connect() as raw:
        expect_late(raw, "/said", b"begun\n", "later", "{}, {}\n")
    say(b"0\n")
    server.wait_settled()
    with server.connect() as raw, server.connect() as other, server.connect() as copy:
        answer = Stream(raw, name="first").wait(b"begun\n")
        expect_late(other, "/other", b"", "too many commands are waited for")
        reason = "the command of the first event has not ended"
        expect_late(copy, "/streamed", b"", reason, name="first")
        say_other(b"0\n")
        say(b"0\n")
        expect(answer.rest(), (b"begun\n", "0"))
