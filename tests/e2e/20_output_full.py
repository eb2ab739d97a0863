"""A verb whose output cannot be written says so and exits with 3, whatever the answer was."""
import subprocess

from harness import PROGRAM, Server, ensure, expect, ledger, route

with Server([route(actions=[ledger()])]) as server:
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
    for arguments in (["schema"], ["reference"], ["explain", "routes"],
                      ["providers"], ["providers", "github"], ["check", "-c", server.file],
                      ["events", "list", "-c", server.file], ["--version"], ["--help"]):
        with open("/dev/full", "w", encoding="utf-8") as full:
            ran = subprocess.run([PROGRAM, *arguments], stdout=full, stderr=subprocess.PIPE,
                                 text=True)
        expect(ran.returncode, 3, f"exit status of {arguments}")
        ensure("cannot write" in ran.stderr, f"{arguments}: {ran.stderr!r}")
        expect(subprocess.run([PROGRAM, *arguments], capture_output=True).returncode, 0,
               f"{arguments}, written")
    server.tool("pause", "hook")
    with open("/dev/full", "w", encoding="utf-8") as full:
        ran = subprocess.run([PROGRAM, "status", "-c", server.file], stdout=full,
                             stderr=subprocess.PIPE, text=True)
    expect((ran.returncode, ran.stderr), (3, "tenterhook: cannot write to standard output\n"))
