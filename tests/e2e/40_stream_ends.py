"""How a stream ends: by a signal, the timeout, a program that is missing, the deadline, the size,
a crowd, as a copy of what runs; the output goes before, the trailer and the last line say it."""
from harness import Server, expect
from streams import Stream, open_gate, streamed

LATE = {"body": "later, {{event.id}}"}
routes = [streamed(exit_line=True),
          streamed("slow", "printf half; exec sleep 100", exit_line=True,
                   action={"timeout": "200ms", "kill_after": "1s"}),
          streamed("missing", "exit 0", exit_line=True, action={"cwd": "@OUT@/none"}),
          streamed("late", "printf half; read -r line <\"$OUT/gate\"", deadline="300ms"),
          streamed("said", deadline="300ms", late=LATE, headers={"X-Event": "{{event.id}}"}),
          streamed("long", "printf 1234567890", size="9B"),
          streamed("whole", "printf 1234567890", size="10B"),
          streamed("silent", ":"), streamed("quiet", "exit 4", late={"body": ""})]
WANTED = {"slow": (b"half\nno exit status: ran longer than its timeout\n", "timeout"),
          "missing": (b"no exit status: could not be started\n", "not-started"),
          "whole": (b"1234567890", "0"), "silent": (b"", "0"), "quiet": (b"", "4")}
REASONS = {"late": b"half\nlate: the command has not ended by the deadline; the event is ",
           "long": b"123456789\nlate: the command has put out more than is kept or allowed; the "}
with Server(routes, server={"commands": 4}) as server:
    say = open_gate(server)
    for name, wanted in WANTED.items():
        with server.connect() as raw:
            expect(Stream(raw, "/" + name).rest(), wanted, name)
    for name, wanted in REASONS.items():
        with server.connect() as raw:
            body, status = Stream(raw, "/" + name).rest()
            expect((body[:len(wanted)], body[-1:], status), (wanted, b"\n", "late"), name)
    say(b"x\n")  # to the one that went on
    server.wait_settled()
    with server.connect() as raw, server.connect() as other, server.connect() as copy:
        answer = Stream(raw, name="first").wait(b"begun\n")
        expect(Stream(other).rest()[0][:41], b"late: too many commands are waited for; t")
        expect(Stream(copy, name="first").rest()[0][:55],
               b"late: the command of the first event has not ended; the"[:55])
        say(b"die\n0\n")
        expect(answer.rest(), (b"begun\nno exit status: killed by a signal\n", "signal"))
    with server.connect() as raw:
        answer = Stream(raw, "/said")
        said = b"begun\nlater, " + answer.headers["x-event"].encode() + b"\n"
        expect(answer.rest(), (said, "late"))
    say(b"0\n")
    server.wait_settled()
print("ten ends")
