"""kill -9 of the runner or the listener in the middle of a stream: it ends late or is cut off, and
never looks complete; the event is kept, and its command runs again."""
from harness import Server, expect, wait_until
from streams import Stream, open_gate, streamed

with Server([streamed()], server={"commands": 4, "listeners": 1}) as server:
    say = open_gate(server)

    def replace(role):
        victim = server.processes(role)[0]
        server.kill(victim)
        wait_until(lambda: [pid for pid in server.processes(role) if pid != victim], "another")

    with server.connect() as raw:
        answer = Stream(raw).wait(b"begun\n")
        replace("runner")
        body, status = answer.rest()
        expect((body[:39], status), (b"begun\nlate: the runner has gone; the ev", "late"))
    wait_until(lambda: len(server.ledger()) == 2, "the command to run again")
    say(b"0\n")
    server.wait_settled()
    with server.connect() as raw:
        Stream(raw).wait(b"begun\n")
        replace("listener")
        expect(b"0\r\n\r\n" in raw.read_all(), False)
    say(b"0\n")
    server.wait_settled()
    with server.connect() as raw:  # the place of who was cut off is free again
        answer = Stream(raw).wait(b"begun\n")
        say(b"0\n")
        expect(answer.rest(), (b"begun\n", "0"))
    server.wait_settled()
    expect(server.count("delivery", "state = 'done'"), 3)
print("a stream through the death of the runner, and of its listener")
