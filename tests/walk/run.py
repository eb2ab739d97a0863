#!/usr/bin/env python3
"""How far one walks to follow one webhook: run.py [NAME=SOURCE…] [--keep DIRECTORY] [--pairs N]
[--bodies]

Builds the program of each SOURCE (this tree, unless named; older trees do too) with
-finstrument-functions, base/ left out, sends it GitHub events over TLS to a route with one shell
action, and counts what one event costs a reader of the listener and of the runner:

    calls      functions entered, each time
    functions  different functions entered
    files      different files that they lie in
    changes    calls and returns that lead into another file
    returns    calls that lead into a file that was left before

"told once" counts each pair of caller and callee only when it comes first, as one who reads a loop
once: calls that lead into another file, and those of them into a file that was left before. Timers
of the loops run when they like: of ten events, after one to warm up, the one with the fewest calls
is taken. Then come the pairs of files between which most calls were told once, and the files
returned to most. With --bodies, static inline functions of headers are left out, as base/ is:
words, not places to go.
"""
import argparse
import mmap
import os
import struct
import subprocess
import sys
import tempfile
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
ROLES = ("listener", "runner")
RECORDS, EVENTS = 1 << 17, 10
WORDS = struct.Struct("=QQQQ")
COLUMNS = ("calls", "functions", "files", "changes", "returns", "told once: changes",
           "told once: returns")


def build(source, directory):
    """The traced program. Debug information tells the file of a function; -O0 keeps each call a
    call."""
    os.makedirs(directory, exist_ok=True)
    recorder, tree = os.path.join(directory, "trace.o"), os.path.join(directory, "build")
    subprocess.run(["cc", "-O1", "-fPIC", "-c", os.path.join(HERE, "trace.c"), "-o", recorder],
                   check=True)
    if not os.path.exists(os.path.join(tree, "build.ninja")):
        subprocess.run(["meson", "setup", tree, source, "-Doptimization=0", "-Ddebug=true",
                        "-Dc_args=['-finstrument-functions',"
                        " '-finstrument-functions-exclude-file-list=base/,/usr/']",
                        "-Dc_link_args=" + recorder], check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["ninja", "-C", tree, "tenterhook"], check=True, stdout=subprocess.DEVNULL)
    return os.path.join(tree, "tenterhook")


def symbols(program, source):
    """{address: (function, its file in the source)}, and the address of the recorder."""
    listed = subprocess.run(["nm", "-l", "--defined-only", program], check=True,
                            capture_output=True, text=True)
    found, anchor = {}, 0
    for line in listed.stdout.splitlines():
        words, _, place = line.partition("\t")
        address, kind, name = words.split()
        if name == "__cyg_profile_func_enter":
            anchor = int(address, 16)
        elif kind in "tT" and place:
            path = os.path.realpath(place.rpartition(":")[0])
            found[int(address, 16)] = (name, os.path.relpath(path, os.path.realpath(source)))
    return found, anchor


def walks(program, path, table, anchor, left_out):
    """Sends the events; for each role, the list of their walks: [(entered, (function, file))]."""
    os.environ["TENTERHOOK"] = program
    if "harness" not in sys.modules:
        sys.path.insert(0, os.path.join(ROOT, "tests", "e2e"))
    import harness
    harness.PROGRAM = program
    harness.check_rows = lambda log: None  # an older program has other rows
    with open(path, "wb") as file:
        file.truncate(WORDS.size * (RECORDS + 1))
    os.chmod(path, 0o666)
    made = {role: [] for role in ROLES}
    with open(path, "r+b") as file, mmap.mmap(file.fileno(), 0) as trace, \
            harness.Server([harness.route(actions=[harness.ledger()])], server={"listeners": 1},
                           env={"TENTERHOOK_WALK": path}) as server:
        for event in range(EVENTS + 1):
            threads = {server.processes(role)[0]: role for role in ROLES}
            struct.pack_into("=QQ", trace, 0, 1, 0)
            body = b'{"ref":"refs/heads/main","number":%d}' % event
            harness.expect(server.post("/hook", body, delivery=f"walk-{event}").status, 202)
            server.wait_settled()
            struct.pack_into("=Q", trace, 0, 0)
            _, count, anchored, room = WORDS.unpack_from(trace, 0)
            harness.ensure(count < room, "the trace is full")
            steps = {role: [] for role in ROLES}
            for place in range(1, count + 1):
                thread, entered, function, _ = WORDS.unpack_from(trace, WORDS.size * place)
                called = table.get(function - anchored + anchor, ("?", "?"))
                if thread in threads and not called[1].endswith(left_out):
                    steps[threads[thread]].append((bool(entered), called))
            for role in ROLES if event else ():
                made[role].append(steps[role])
    return made


class Walk:
    """What is counted of one process's walk."""

    def __init__(self, steps):
        self.stack, self.called, self.told = [], [], set()
        self.here, self.left, self.changes, self.returns = None, set(), 0, 0
        self.once_here, self.once_left, self.once_changes, self.once_returns = None, set(), 0, 0
        self.pairs, self.returned = Counter(), Counter()
        for entered, function in steps:
            if entered:
                self.enter(function)
            elif self.stack:
                self.stack.pop()
                self.move(self.stack[-1][1] if self.stack else None, False)

    def enter(self, function):
        caller = self.stack[-1] if self.stack else None
        self.stack.append(function)
        self.called.append(function)
        self.move(function[1], True)
        if (caller, function) in self.told:
            return
        self.told.add((caller, function))
        if caller and caller[1] != function[1]:
            self.pairs[caller[1], function[1]] += 1
        if self.once_here is not None and function[1] != self.once_here:
            self.once_left.add(self.once_here)
            self.once_changes += 1
            self.once_returns += function[1] in self.once_left
            self.returned[function[1]] += function[1] in self.once_left
        self.once_here = function[1]

    def move(self, file, entered):
        """Control is now in `file`; None is the loop."""
        if file is None or file == self.here:
            return
        if self.here is not None:
            self.left.add(self.here)
            self.changes += 1
            self.returns += entered and file in self.left
        self.here = file

    def counts(self):
        return (len(self.called), len(set(self.called)), len({file for _, file in self.called}),
                self.changes, self.returns, self.once_changes, self.once_returns)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("sources", nargs="*", default=["this=" + ROOT])
    parser.add_argument("--keep", help="a directory for the builds, to be used again")
    parser.add_argument("--pairs", type=int, default=12, help="how many pairs and files to show")
    parser.add_argument("--bodies", action="store_true",
                        help="without the inline functions of headers")
    options = parser.parse_args()
    rows, told = [], []
    with tempfile.TemporaryDirectory(prefix="tenterhook-walk-") as temporary:
        os.chmod(temporary, 0o755)
        for named in options.sources:
            name, _, source = named.rpartition("=")
            name, source = (name or os.path.basename(os.path.abspath(source)),
                            os.path.abspath(source))
            program = build(source, os.path.join(options.keep or temporary, name))
            made = walks(program, os.path.join(temporary, "trace"), *symbols(program, source),
                         ".h" if options.bodies else ".none")
            for role in ROLES:
                walk = min(map(Walk, made[role]), key=lambda walk: len(walk.called))
                rows.append((name, role, *walk.counts()))
                told.append(f"\n{name}, {role}: calls between files, told once; files returned to")
                left = [f"{count:4} {a} → {b}" for (a, b),
                        count in walk.pairs.most_common(options.pairs)]
                right = [f"{count:4} {file}"
                         for file, count in walk.returned.most_common(options.pairs)]
                left += [""] * (len(right) - len(left))
                right += [""] * (len(left) - len(right))
                told += [f"{a:72} {b}".rstrip() for a, b in zip(left, right)]
    print("| tree | process |", " | ".join(COLUMNS), "|")
    print("|---|---" + "|---" * len(COLUMNS) + "|")
    for row in rows:
        print("|", " | ".join(map(str, row)), "|")
    print(*told, sep="\n")


if __name__ == "__main__":
    main()
