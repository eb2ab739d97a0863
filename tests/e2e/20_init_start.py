"""init --start starts what it has made, sends it a test event and shows what the script says; the
server ends with it, and the exit code tells of a script that failed."""
import os
import re
import signal
import subprocess

from first_run import directory, free_port
from harness import PROGRAM, descendants, ensure, expect, process_stat, run_program, wait_until

SHOWN = r"^(?:\$ tenterhook )?(serve|listening|send|202 \{|events tail|github: event)"
WANTED = ["serve", "listening", "send", "202 {", "events tail"]

for number, script, code in ((signal.SIGINT, None, 0), (signal.SIGTERM, "exit 4", 1),
                             (signal.SIGKILL, None, -signal.SIGKILL)):
    with directory() as place, open(f"{place}/log", "w+", encoding="utf-8") as log:
        words = ["init", "github", "--start", "--directory", place, "--certificates", place,
                 "--port", free_port(), "--host", "hooks.example.org"]
        if script:
            with open(f"{place}/github.sh", "w", encoding="utf-8") as file:
                file.write(f"#!/bin/sh\n{script}\n")
            os.chmod(file.name, 0o755)
        shown, last = "", f"  tenterhook events list -c {place}/tenterhook.yaml\n"
        with subprocess.Popen([PROGRAM, *words], stdout=subprocess.PIPE, stderr=log, text=True,
                              start_new_session=True) as init:
            while not shown.endswith(last) and (line := init.stdout.readline()):
                shown += line
            started = descendants(init.pid)
            os.killpg(init.pid, number)  # as a Ctrl-C does
        wait_until(lambda: not [pid for pid in started if (process_stat(pid) or "-Z")[1] != "Z"],
                   "the server's end")
        said = log.seek(0) or log.read()
        expect(init.returncode, code, f"{shown}{said}")
        expect(re.findall(SHOWN, shown, re.M), WANTED + ["github: event"] * (not script), shown)
        ensure("the script has not done its work" in said or not script, said)
        expect((len(started) > 2, said.count(" stopping")), (True, 1), said)
expect(run_program("init", "--start", "--dry-run").returncode, 2, "both")
