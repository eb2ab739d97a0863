"""Workers that lie, flood, are silent or die hold up no other worker, and no event for ever."""
import time

from harness import PATIENCE, Server, ensure, expect, route, wait_until
from workers import worker

LIES = """
for event in events():
    print("hello", '{"id": 7, "ok": true}', '{"id": "x", "ok": true}', "{" * 60000, sep="\\n")
    say(event, ok=False)
    say(event, ok=True)
    say(event, dead="no")
"""
FLOODS = """
first = not os.path.exists(f"{OUT}/flooded")
for event in events():
    if first:
        note("", "flooded")
        sys.stderr.write("e" * 1000000)
        while True: os.write(1, b"x" * 65536)
    say(event, ok=True)
"""
SILENT = "for event in events(): pass"
DIES = """
for event in events():
    if event["payload"]["number"] == 0: sys.exit(3)
    say(event, ok=True)
"""
routes = [route(name, actions=[worker(text, timeout="2s", kill_after="1s")]) for name, text in (
    ("lies", LIES), ("floods", FLOODS), ("silent", SILENT), ("dies", DIES))]
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
    ends = {name: server.query(
        "SELECT d.state, d.reason FROM delivery d JOIN event e ON d.event = e.seq "
        "WHERE e.route = ?", name) for name in ("lies", "floods", "silent", "dies")}
expect(ends, {"lies": 2 * [("done", None)], "floods": 2 * [("done", None)],
              "silent": 2 * [("dead", "the worker did not answer within its timeout of 2000 ms")],
              "dies": [("dead", "the worker ended 3 times while it had this event: exited with "
                        "status 3"), ("done", None)]})
