"""Workers that lie, flood, are silent or die hold up no other worker, and no event for ever. The
secrets that they say are not in the log."""
import time

from harness import PATIENCE, Server, ensure, expect, route, wait_until
from senders import SECRET
from workers import DIES, FLOODS, LIES, SILENT, worker

env = {"OUT": "@OUT@", "KEY": SECRET}
texts = {"lies": LIES, "floods": FLOODS, "silent": SILENT, "dies": DIES}
routes = [route(name, actions=[worker(text, timeout="2s", kill_after="1s", env=env)])
          for name, text in texts.items()]
with Server([*routes, route(actions=[worker()])]) as server:
    for path in ("/lies", "/floods", "/silent", "/dies"):
        for number in range(2):
            expect(server.post(path, b'{"number": %d}' % number).status, 202)
    for turn in range(10):
        begun = time.monotonic()
        expect(server.post("/hook", b"{}").status, 202)
        wait_until(lambda: len(server.ledger()) == turn + 1, "the good worker")
        ensure(time.monotonic() - begun < 2 * PATIENCE, "the good worker was held up")
    server.wait_settled()
    ensure(server.log().count("[secret]") >= 4, "the secrets that were said are masked")
    ends = {name: server.query(
        "SELECT d.state, d.reason FROM delivery d JOIN event e ON d.event = e.seq "
        "WHERE e.route = ?", name) for name in ("lies", "floods", "silent", "dies")}
expect(ends, {"lies": 2 * [("done", None)], "floods": 2 * [("done", None)],
              "silent": 2 * [("dead", "the worker did not answer within its timeout of 2000 ms; it "
                              "has written no line at all: does it flush its standard output?")],
              "dies": [("dead", "the worker ended 3 times while it had this event: exited with "
                        "status 3"), ("done", None)]})
