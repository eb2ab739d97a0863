"""backup, restore, prune and an export to a file say on a terminal how far they have come; nothing
of that is left there, and none of it comes where there is no terminal."""
import re
import subprocess

from harness import PROGRAM, Server, ensure, expect, route
from terminal import obeyed, on_terminal
from wallclock import WallClock

clock = WallClock()
slow = {**clock.env, "WALLCLOCK_STEP_MS": "1000"}

def lines(*words, output=None):
    """What was shown of progress; the last value is what stays."""
    got = on_terminal(*words, "-c", server.file, term="xterm", env=slow, output=output).decode()
    ensure(not obeyed(re.sub(r"\r\x1b\[K", "", got).encode()), got)
    return [*re.findall(r"([^\r\n]+)\r\x1b\[K", got), re.sub(r"[^\n\r]*\r\x1b\[K", "", got)]

with Server([route(dedupe="off", max_body="4MiB")]) as server:
    for _ in range(300):
        server.post("/hook", b"{}")
    for _ in range(3):
        server.post("/hook", b'{"a": "%s"}' % (b"x" * 1500000))
    server.wait_settled()
    copy, exported = server.state + "/copy.db", server.state + "/events.jsonl"
    *shown, left = lines("backup", copy)
    ensure("of the journal copied" in shown[0] and left.startswith("the journal is copied"), shown)
    with open(exported, "w", encoding="utf-8") as file:
        *shown, left = lines("events", "export", output=file)
    ensure(re.match(r"\d+ % of the events searched, \d+ found", shown[0]), shown)
    expect([left, sum(1 for _ in open(exported, encoding="utf-8"))], ["", 303])
    *shown, left = lines("prune", "--older-than", "0s", "--dry-run")
    ensure("events looked at" in shown[0] and "would be removed" in left, (shown, left))
    server.stop()
    *shown, left = lines("restore", copy)
    ensure("of the backup copied" in shown[0] and "the copy is checked" in shown, shown)
    for words in (["restore", copy], ["backup", copy], ["prune", "--older-than", "0s"]):
        said = subprocess.run([PROGRAM, *words, "-c", server.file], capture_output=True, text=True,
                              env=slow, check=True)
        ensure("\x1b" not in said.stdout and said.stderr == "", said)
