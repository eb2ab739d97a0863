"""Standard output and the log in one file write over nothing of each other."""
import re
import subprocess

from harness import PROGRAM, Server, expect, ledger, route, wait_until

with Server([route(actions=[ledger()])], start=False) as server:
    path = server.directory + "/both"
    with open(path, "wb") as both:
        process = subprocess.Popen([PROGRAM, "serve", "-c", server.file], stdout=both, stderr=both)
    try:
        wait_until(lambda: " serving " in open(path).read(), "the server", 30)
    finally:
        process.terminate()
        process.wait(30)
    lines = open(path).read().splitlines()
    expect(sum(line.startswith("listening on ") for line in lines), 1)
    for line in lines:
        expect(bool(re.match(r"listening on |\d{4}-\d\d-\d\dT\S+ \w+ \w+: ", line)), True, line)
    expect(sum(": started " in line for line in lines) >= 4, True, lines)
