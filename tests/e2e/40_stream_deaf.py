"""A client that does not read its stream holds up neither the command nor another client; when the
stream has ended and its time is over, it is cut off."""
import os
import select

from harness import Server, expect, wait_until
from streams import Stream, streamed

FLOOD = streamed("flood", "head -c 1000000 /dev/zero", size="1MiB", action={"output": "1MiB"})
KEYS = {"listeners": 1, "body_timeout": "1s", "commands": 16}
with Server([FLOOD], start=False, server=KEYS) as server:
    path = os.path.join(server.directory, "socket")  # it holds less than the output
    server.settings["server"]["listen"].append({"address": "unix:" + path, "tls": "off"})
    server.write_settings()
    server.start()
    server.addresses[1] = "unix:" + path
    with server.connect(1) as deaf, server.connect(1) as other, server.connect() as encrypted:
        Stream(deaf, "/flood")
        server.wait_log("accepted .* route=flood .* status=200 ms")  # the listener has all of it
        for raw in (other, encrypted):
            body, status = Stream(raw, "/flood").rest()
            expect((len(body), status), (1000000, "0"))
        poll = select.poll()
        poll.register(deaf.socket, 0)
        wait_until(lambda: poll.poll(0), "the deaf one to be cut off")
        expect((len(deaf.read_all()) < 1000000, b"Tenterhook-Exit" in deaf.buffer), (True, False))
    server.wait_settled()
    expect(server.count("delivery", "state = 'done'"), 3)
print("a deaf client and two others")
