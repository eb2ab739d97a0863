"""Output is sent while its command runs, over TLS and plain, byte for byte, with the exit status in
the trailer; a copy is answered with the stored output in the same form and runs nothing."""
from harness import Server, ensure, expect, run_program
from streams import Stream, open_gate, streamed

BYTES = streamed("bytes", "printf 'a\\0\\r\\n\\377b'")
with Server([streamed(exit_line=True, headers={"X-Event": "{{event.id}}"}), BYTES], plain=True,
            server={"listeners": 1}) as server:
    say = open_gate(server)
    for index in (0, 1):
        with server.connect(index) as raw:
            answer = Stream(raw)
            head = [answer.headers[name] for name in
                    ("content-type", "trailer", "connection", "transfer-encoding")]
            expect([answer.status, *head], [200, "text/plain; charset=utf-8",
                                            "Tenterhook-Exit-Status", "close", "chunked"])
            answer.wait(b"begun\n")
            for word in (b"one\n", b"two \xc3\xa9\n", b"three\n"):
                say(word)
                answer.wait(word)
            say(b"3\n")
            expect(answer.rest(), (b"begun\none\ntwo \xc3\xa9\nthree\nexit status 3\n", "3"))
            expect(raw.read_all(), b"")
        server.wait_log(f'accepted id={answer.headers["x-event"]} .* status=200 '
                        'reason="the command exited with status 3"')
        for _ in range(2):  # the second is answered with what is stored
            with server.connect(index) as raw:
                expect(Stream(raw, "/bytes", f"same-{index}").rest(), (b"a\0\r\n\xffb", "0"))
            server.wait_settled()
    expect(server.count(), 4)
    said = run_program("verify", "-c", server.file, "--event", answer.headers["x-event"]).stdout
    ensure('answer     the output of action "run" as it comes; late after 60000 ms\n' in said, said)
print("pieces before the end, and the copies")
