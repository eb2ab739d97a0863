"""How a stream ends: by a signal, the timeout, a program that is missing, with and without output;
the output goes before, the trailer and the last line say it."""
from harness import Server, expect
from streams import Stream, open_gate, streamed

ROUTES = [streamed(exit_line=True),
          streamed("slow", "printf half; exec sleep 100", exit_line=True,
                   action={"timeout": "200ms", "kill_after": "1s"}),
          streamed("missing", "exit 0", exit_line=True, action={
              "cwd": "@OUT@/none", "retry": {"attempts": 1}}),
          streamed("whole", "printf 1234567890", size="10B"), streamed("silent", ":"),
          streamed("quiet", "exit 4", late={"body": ""})]
WANTED = {"slow": (b"half\nno exit status: ran longer than its timeout\n", "timeout"),
          "missing": (b"no exit status: could not be started\n", "not-started"),
          "whole": (b"1234567890", "0"), "silent": (b"", "0"), "quiet": (b"", "4")}
with Server(ROUTES) as server:
    say = open_gate(server)
    for name, wanted in WANTED.items():
        with server.connect() as raw:
            expect(Stream(raw, "/" + name).rest(), wanted, name)
    with server.connect() as raw:
        answer = Stream(raw).wait(b"begun\n")
        say(b"die\n")
        expect(answer.rest(), (b"begun\nno exit status: killed by a signal\n", "signal"))
    server.wait_settled()
print("six ends")
