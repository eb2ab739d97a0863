"""Commands of two routes that hang until their timeout hold up no other route, however many of them
wait."""
import time

from harness import PATIENCE, Server, ensure, expect, ledger, route, script, wait_until
from senders import github_headers

hang = script("exec sleep 600", stdin="none")
with Server([route("first", actions=[hang]), route("second", actions=[hang]),
             route(actions=[ledger()])], server={"commands": 8, "shutdown_grace": "4s"}) as server:
    with server.connect() as connection:
        for path in ("/first", "/second"):
            for _ in range(50):
                expect(connection.request("POST", path, b"{}", github_headers(b"{}")).status, 202)
    running = "state = 'running'"
    wait_until(lambda: server.count("delivery", running) == 7, "all slots but one to be taken")
    for turn in range(5):
        begun = time.monotonic()
        expect(server.post("/hook", b"{}").status, 202)
        wait_until(lambda: len(server.ledger()) == turn + 1, "the other route's command")
        ensure(time.monotonic() - begun < PATIENCE, "it was held up")
    wait_until(lambda: server.count("delivery", running) == 7,
               "commands that hang, still, and the other's end")
