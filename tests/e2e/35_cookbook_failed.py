"""The page "When a script fails": the failure is told, seen, mended, redelivered and replayed; what
heals by itself is not told; a pause and a burst end in one deployment."""
from cookbook import Page
from harness import ensure, expect, wait_until

FIRST = "cannot stat 'release/index.html'"
SOON = ("    on_failure:", "    tell_every: 1s\n    on_failure:")
with Page("failed-deliveries", SOON) as server:
    push = ("https://localhost:8443", server.url)
    server.adapt_file("push.sh", push)
    ensure(server.try_it(0).startswith('202 {"id"'), "the first push")
    told = server.try_it(1)
    ensure("deploy: build exited with status 1, and 0 more\n" in told and FIRST in told, told)
    ensure("tenterhook events show " in server.try_it(2), "status")
    ensure(" dead " in server.try_it(3), "the list")
    shown = server.try_it(4)
    ensure("state         dead\n" in shown and FIRST in shown, shown)
    server.try_it(5)
    ensure('"again":true' in server.try_it(6), "the redelivery")
    expect(server.text("deployed.log").count("\n"), 1)
    server.shell("mv release hidden")
    ensure(server.try_it(6).count('"duplicate":true') == 1, "a copy of what is done")
    server.shell("tenterhook replay --route deploy --yes --wait", status=1)
    server.shell("mv hidden release")
    replayed = server.try_it(7)
    ensure("1 event, 1 delivery would run again\n" in replayed, replayed)
    ensure(replayed.endswith("build: done\n1 ended, 0 dead\n"), replayed)
    server.shell(server.commands[8])
    wait_until(lambda: "attempt=1" in server.log() and "exited with status 75" in server.log(),
               "an attempt that will pass")
    expect(server.try_it(9), "")
    expect(server.text("deployed.log").count("\n"), 3)
    server.shell(server.commands[10])
    wait_until(lambda: server.count("delivery", "state = 'superseded'") == 2, "the burst")
    expect(server.count("delivery", "state = 'pending'"), 1, "the last waits for the pause")
    server.try_it(11)
    ensure(server.try_it(12).count(" superseded ") == 2, "the list")
    expect(server.text("deployed.log").count("\n"), 4)
