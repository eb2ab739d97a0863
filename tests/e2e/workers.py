"""Workers in Python for the tests, with the text of the program on the command line."""
import atexit
import os
import re
import shutil
import signal
import subprocess

from harness import skip, wait_until

PYTHON = "/usr/bin/python3"  # Debian's

BEGIN = """
import json, os, sys, time
OUT = os.environ["OUT"]
def note(text, name="ledger"):
    with open(f"{OUT}/{name}", "a") as file:
        file.write(text + "\\n")
def say(event, **verdict):
    print(json.dumps({"id": event["id"], **verdict}), flush=True)
def events():
    for line in sys.stdin:
        yield json.loads(line)
"""
# Answers each event once it is in the ledger.
OBEDIENT = """
for event in events():
    note(event["id"])
    say(event, ok=True)
"""

# What misbehaves.
LIES = """
for event in events():
    print(os.environ["KEY"], file=sys.stderr)
    print("hello", os.environ["KEY"])
    print('{"id": 7, "ok": true}', '{"id": "x", "ok": true}', "{" * 60000, sep="\\n")
    say(event, ok=False)
    say(event, ok=True)
    say(event, dead="no")
"""
FLOODS = """
first = not os.path.exists(f"{OUT}/flooded")
for event in events():
    if first:
        note("", "flooded")
        sys.stderr.write("e" * 999999)
        while True: os.write(1, b"x" * 65536)
    say(event, ok=True)
"""
SILENT = "for event in events(): pass"
DIES = """
for event in events():
    if event["payload"]["number"] == 0: sys.exit(3)
    say(event, ok=True)
"""
# A secret where its reason is cut, and one of several lines.
TELLS = """
for event in events():
    print(os.environ["LINES"], file=sys.stderr)
    say(event, dead="x" * 380 + os.environ["KEY"])
"""
# Puts the file of a form into Redis, and then says so.
KEEPS_FILES = """
import redis
store = redis.Redis.from_url(os.environ["REDIS"])
for event in events():
    file = event["files"][0]
    store.set("file:" + event["form"]["name"], open(file["path"], "rb").read())
    store.rpush("kept:" + event["id"], file["filename"])
    say(event, ok=True)
"""


def worker(text=OBEDIENT, **keys):
    """An action; the program knows note(), say(), events() and OUT."""
    return {"worker": [PYTHON, "-c", BEGIN + text], "env": {"OUT": "@OUT@"}, **keys}


def worker_pids(server):
    """Of all that were started, oldest first."""
    return [int(pid) for pid in re.findall(r"worker_started .*pid=(\d+)", server.log())]


def kill_worker(server):
    """Kills the one that was started last, and waits for the next."""
    pids = worker_pids(server)
    os.kill(pids[-1], signal.SIGKILL)
    wait_until(lambda: len(worker_pids(server)) > len(pids), "another worker")


class Redis:
    """Debian's server on a socket in `directory`, where it keeps what it was given."""

    def __init__(self, directory):
        self.directory, self.url = directory, f"unix://{directory}/socket"
        self.start()

    def start(self):
        self.process = subprocess.Popen(
            ["redis-server", "--port", "0", "--unixsocket", f"{self.directory}/socket",
             "--unixsocketperm", "777", "--dir", self.directory, "--save", "", "--appendonly",
             "yes"], stdout=subprocess.DEVNULL)
        atexit.register(self.process.kill)  # where a test fails
        wait_until(lambda: self.ask("PING") == '"PONG"', "Redis")

    def ask(self, *words):
        return subprocess.run(
            ["redis-cli", "--json", "-s", f"{self.directory}/socket", *words], check=False,
            capture_output=True, text=True).stdout.strip()

    def stop(self):
        self.process.terminate()
        self.process.wait()


def need_redis():
    client = [PYTHON, "-c", "import redis"]
    if not shutil.which("redis-server") or subprocess.run(client, check=False,
                                                          capture_output=True).returncode:
        skip("redis-server or python3-redis is not installed")
