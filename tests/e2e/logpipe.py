"""A pipe for the log whose reader stops: small, so that a few lines fill it."""
import fcntl
import os
import re

from harness import ensure, expect, wait_until
from senders import github_headers

BODY = b"{}"


class LogPipe:
    def __init__(self):
        self.reading, self.writing = os.pipe()
        fcntl.fcntl(self.writing, fcntl.F_SETPIPE_SZ, 16384)
        os.set_blocking(self.reading, False)

    def read(self, server):
        """All that is there, kept as the server's log; False at its end."""
        try:
            while data := os.read(self.reading, 65536):
                server.said += data
        except BlockingIOError:
            return True
        return False

    def check(self, server):
        """Far more lines than it holds, and nobody reads; then the log goes on."""
        with server.connect() as connection:
            for _ in range(300):
                expect(connection.request("POST", "/hook", BODY, github_headers(BODY)).status, 202)
        server.wait_settled()
        expect(len(server.ledger()), 300, "commands")

        def lost_lines():
            self.read(server)
            expect(server.post("/hook", BODY).status, 202)
            return re.search(rb"lost_lines[= \":]+(\d+)", server.said)

        lost = int(wait_until(lost_lines, "the count of lost lines", 20)[1])
        ensure(lost > 0, "lost lines are counted")
        os.close(self.writing)
        server.send_signal(15)
        wait_until(lambda: not self.read(server), "the end of the log", 45)
        ensure(b"stopped" in server.said and b"accepted" in server.said, "it was read to its end")
        return lost
