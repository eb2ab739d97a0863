#!/usr/bin/env python3
"""A million events through a bounded journal, by hand: keep.py PROGRAM LOAD [--events 1000000]
[--size 256MiB] [--body 1024] [--rate 1500] [--verbs]

LOAD is build/bench/load. While it sends, the file is measured twenty times a second: it may be a
fifth above keep.size at most, and no second may pass without an answer. What waits for its action
is not pruned, so the rate must be one at which the reader of the pipe keeps up. With --verbs a
backup, a dry prune and a list run one after the other meanwhile.
"""
import argparse
import collections
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import harness  # noqa: E402
from harness import SECRET, Server, ensure, route  # noqa: E402

UNITS = {"KiB": 10, "MiB": 20, "GiB": 30}
TRUE = {"command": ["/bin/true"]}


def parse_size(text):
    number, unit = re.fullmatch(r"(\d+)([KMG]iB)", text).groups()
    return int(number) << UNITS[unit]


def file_size(path):
    try:
        return os.stat(path).st_size
    except FileNotFoundError:
        return 0


class Watch(threading.Thread):
    """How large the files are at most."""

    def __init__(self, path, seconds=0.05):
        super().__init__(daemon=True)
        self.path, self.pause, self.over = path, seconds, threading.Event()
        self.largest = collections.Counter()

    def run(self):
        while not self.over.wait(self.pause):
            for name in ("", "-wal"):
                self.largest[name] = max(self.largest[name], file_size(self.path + name))


def run_verbs(server, over):
    """Backups, lists and dry runs, one after the other; how many."""
    count = collections.Counter()
    copy = os.path.join(server.directory, "copy.db")
    while not over.is_set():
        for words in (("backup", copy), ("prune", "--dry-run"), ("events", "list")):
            done = subprocess.run([harness.PROGRAM, words[0], "-c", server.file, *words[1:]],
                                  capture_output=True, text=True, check=False)
            ensure(done.returncode == 0, f"{words}: {done.stderr}")
            count[words[0]] += 1
    return count


def soak(options):
    keep = parse_size(options.size)
    journal = {"keep": {"size": options.size}}
    actions = [TRUE] if options.commands else [{"pipe": "@OUT@/pipe", "create": "0600"}]
    with Server([route(actions=actions, max_body="1MiB")], journal=journal,
                server={"listeners": os.cpu_count() or 1}) as server, \
            tempfile.TemporaryDirectory() as directory:
        return measure(options, server, keep, os.path.join(directory, "ledger"))


def measure(options, server, keep, ledger):
    reader = None
    if not options.commands:
        reader = subprocess.Popen(["cat", os.path.join(server.out, "pipe")],
                                  stdout=subprocess.DEVNULL)
    host, port = server.addresses[0].removeprefix("https://").split(":")
    watch = Watch(os.path.join(server.state, "journal.db"))
    over, verbs = threading.Event(), collections.Counter()
    beside = threading.Thread(target=lambda: verbs.update(run_verbs(server, over)), daemon=True)
    begun = time.monotonic()
    load = subprocess.Popen([options.load, "-c", str(options.connections), "-t", "7200",
                             "-r", str(options.rate), "-n",
                             str(options.events), "-s", str(options.body), "-l", ledger, host,
                             port, "/hook", SECRET], stdout=subprocess.PIPE, text=True)
    watch.start()
    if options.verbs:
        beside.start()
    stalls, before, seen = 0, 0, begun  # the ledger of answers has to grow
    while load.poll() is None:
        time.sleep(0.25)  # this is a measurement
        now, answers = time.monotonic(), file_size(ledger)
        if answers > before:
            before, seen = answers, now
        stalls = max(stalls, now - seen)
    took = time.monotonic() - begun
    watch.over.set()
    over.set()
    if options.verbs:
        beside.join()
    print(load.stdout.read().strip())
    print(f"{options.events} events in {took:.0f} s, {options.events / took:.0f} a second; the "
          f"file at most {watch.largest[''] / keep:.2f} of keep.size, the log at most "
          f"{watch.largest['-wal'] / (1 << 20):.1f} MiB; no answer for {stalls:.2f} s at most"
          + "".join(f"; {count} x {name}" for name, count in verbs.items()))
    server.wait_settled(300)
    if reader:
        reader.terminate()
        reader.wait()
    ensure(watch.largest[""] <= keep * 1.2, "the file stays within a fifth above keep.size")
    ensure(stalls < 1, "events are accepted all the time")


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("program")
    parser.add_argument("load")
    parser.add_argument("--events", type=int, default=1000000)
    parser.add_argument("--size", default="256MiB")
    parser.add_argument("--body", type=int, default=1024)
    parser.add_argument("--rate", type=int, default=1500)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--commands", action="store_true", help="a command instead of a pipe")
    parser.add_argument("--verbs", action="store_true")
    options = parser.parse_args()
    harness.PROGRAM = os.path.abspath(options.program)
    soak(options)


if __name__ == "__main__":
    main()
