"""complete offers what the route file names, each once, and units that have to do with us."""
import subprocess

from harness import PROGRAM, Server, expect, ledger, route, script
from units import in_own_run

UNIT = "[Service]\nExecStart=/usr/bin/tenterhook serve\n"

def named(name):
    return {**ledger(), "name": name}

def offered(*words):
    said = subprocess.run([*run, PROGRAM, "complete", "--", *words], capture_output=True, text=True,
                          check=True)
    expect(said.stderr, "", words)
    return sorted(line.partition("\t")[0] for line in said.stdout.splitlines())

SYSTEM, CONTROL = "systemd/system", "systemd/system.control"
with Server([route("one", events=["push", "ping"], actions=[named("a"), named("b")]),
             route("two", events=["push", "re*"], actions=[named("a")],
                   on_failure=script("exit 0")),
             route("three", actions=[ledger()])], start=False) as server:
    run = in_own_run(server.directory, {
        f"{SYSTEM}/th-one.service": UNIT, f"{SYSTEM}/th-other.service": "[Service]\n",
        f"{SYSTEM}/th-two@.service": UNIT, f"{SYSTEM}/th-one.timer": UNIT,
        f"{SYSTEM}/th-hidden.service": UNIT, f"{CONTROL}/th-hidden.service": None})
    for words, wanted in (
            (["events", "list", "-c", server.file, "--type", ""], ["ping", "push", "re*"]),
            (["replay", "-c", server.file, "--type", "pu"], ["push"]),
            (["replay", "-c", server.file, "--action", ""], ["1", "a", "b", "on_failure"]),
            (["check", "--unit", "th-"], [":files", "th-one.service"]),
            (["check", "--unit=th-o"], ["--unit=th-one.service", ":files"])):
        expect(offered(*words), wanted, words)
