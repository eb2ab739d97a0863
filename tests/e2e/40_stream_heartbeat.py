"""A silent stream gets an empty line after each `heartbeat`, a comment where it is one of events,
and never within a line."""
from harness import Server, expect
from streams import Stream, open_gate, streamed

EVENTS = streamed("events", heartbeat="20ms", type="text/event-stream")
HALF = streamed("half", 'printf half; read -r line <"$OUT/gate"; echo', heartbeat="20ms",
                deadline="500ms")
with Server([streamed(heartbeat="20ms"), EVENTS, HALF, streamed("none", heartbeat="0s")]) as server:
    say = open_gate(server)
    for path, beat in (("/streamed", b"\n"), ("/events", b":\n")):
        with server.connect() as raw:
            answer = Stream(raw, path).wait(b"begun\n" + beat * 3)
            say(b"more\n")
            answer.wait(b"more\n" + beat)
            say(b"0\n")
            answer.rest()
            expect(answer.body.replace(b"more\n", b"").strip(beat), b"begun")
    with server.connect() as raw:
        expect(Stream(raw, "/half").rest()[0][:10], b"half\nlate:")
    say(b"x\n")
    with server.connect() as raw:
        answer = Stream(raw, "/none").wait(b"begun\n")
        say(b"0\n")
        expect(answer.rest(), (b"begun\n", "0"))
    server.wait_settled()
print("two kinds of heartbeat")
