"""A log reader that stops reading stops nothing: requests go on, lost lines are counted, and the log goes on when it reads again."""
import fcntl
import os
import re

from harness import Server, ensure, expect, ledger, route, wait_until
from senders import github_headers

reading, writing = os.pipe()
fcntl.fcntl(writing, fcntl.F_SETPIPE_SZ, 4096)
with Server([route(actions=[ledger()])], stderr=writing) as server:
    body = b"{}"
    with server.connect() as connection:  # far more lines than the pipe holds
        for _ in range(300):
            expect(connection.request("POST", "/hook", body, github_headers(body)).status, 202)
    server.wait_settled()
    expect(len(server.ledger()), 300, "commands")
    os.set_blocking(reading, False)
    said = b""

    def lost_lines():
        global said
        try:
            said += os.read(reading, 65536)
        except BlockingIOError:
            pass
        expect(server.post("/hook", body).status, 202)
        return re.search(rb"lost_lines[= \":]+(\d+)", said)

    lost = wait_until(lost_lines, "the count of lost lines", 20)
    ensure(int(lost[1]) > 0, "lost lines are counted")
    os.close(writing)
print(f"300 requests with a full log pipe: all answered and carried out; {int(lost[1])} lost lines counted by one process")
