"""A stream goes on through a reload; one whose command is left to the new processes, or is ended by
a stop, ends late."""
from harness import Server, expect
from streams import COMMAND, Stream, open_gate, streamed

FRESH = COMMAND.replace("/gate", "/fresh")  # the new processes start it beside the other
with Server([streamed(), streamed("fresh", FRESH)],
            server={"commands": 8, "shutdown_grace": "5s"}) as server:
    say, say_fresh = open_gate(server), open_gate(server, "fresh")
    with server.connect() as raw, server.connect() as fresh:
        answer = Stream(raw).wait(b"begun\n")
        server.reload()
        expect(Stream(fresh, "/fresh").rest()[0][:51],
               b"late: the command is left to another runner; the ev")
        say(b"through\n")
        answer.wait(b"through\n")
        say(b"0\n")
        expect(answer.rest(), (b"begun\nthrough\n", "0"))
    say_fresh(b"0\n")
    server.wait_settled()
    server.wait_log("generation_left")
    with server.connect() as raw:
        answer = Stream(raw).wait(b"begun\n")
        server.send_signal(15)
        said = b"begun\nlate: the command was stopped with the server"
        expect((answer.rest()[0].startswith(said), answer.rest()[1]), (True, "late"))
    server.stop()
print("a stream through a reload, and one through a stop")
