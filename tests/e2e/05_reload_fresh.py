"""A client that connected before a reload and takes its time to send is answered, within
header_timeout."""
import time

from harness import Server, expect, ledger, route, wait_until
from senders import github_headers

with Server([route(actions=[ledger()])], server={"header_timeout": "8s"}, plain=True) as server:
    waiting = [server.connect(index) for index in (0, 1) for _ in range(4)]
    begun = time.monotonic()
    server.reload()
    server.wait_log("draining")
    wait_until(lambda: time.monotonic() > begun + 2.5, "longer than a stop would wait")
    statuses = [connection.request("POST", "/hook", b"{}",
                                   github_headers(b"{}", delivery=str(number))).status
                for number, connection in enumerate(waiting)]
    expect(statuses, [202] * len(waiting), "all are answered")
    wait_until(lambda: "generation_left" in server.log(), "the old generation to leave")
    server.wait_settled()
    expect(len(server.ledger()), len(waiting))
    # a stop does not wait so long for them
    with server.connect(1):
        begun = time.monotonic()
        server.stop()
        expect(time.monotonic() - begun < 7, True,
               "a stop waits two seconds for who has sent nothing")
print(f"{len(statuses)} clients, half of them in the clear, waited through a reload and were "
      f"answered")
