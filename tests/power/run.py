#!/usr/bin/env python3
"""Power cuts: run.py PROGRAM OPENER [--states N] [--seed N]

The program receives events under strace, which records every write and sync of the journal's files
and every answer of the runner, in one order; some events fail and are sent again. A power cut at
any point of it may leave each write since the last sync of its file or not, torn at sectors, in any
order. Disk states made so are opened as a start of the server does: every event that was answered
before the cut has to be there, and every run again that was, the file whole, and no state taken for
damage. To show that this can fail, the same is done as if no sync had been made.
"""
import argparse
import json
import os
import random
import re
import shutil
import subprocess
import sys
import tempfile
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
TRACED = "openat,pwrite64,write,ftruncate,fsync,fdatasync,unlink,rename,sendto"
SECTOR = 512
LINE = re.compile(r"(\d+) +(.*)")
RESUMED = re.compile(r"<\.\.\. \w+ resumed>(.*)")
CALL = re.compile(r"(\w+)\((.*)\) += (-?\d+)")
TARGET = re.compile(r"\d+<([^>]*)>")
# an answer of the runner (struct wire_answer): status, three numbers, id
ANSWER = re.compile(rb"(.{4}).{10}([0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[0-9a-f]{4}-[0-9a-f]{12})",
                    re.DOTALL)
AGAIN = (1).to_bytes(4, sys.byteorder)  # WIRE_AGAIN


# ---- the record ----

def calls(file):
    """(name, arguments, result) in the order in which they ended."""
    begun = {}
    for line in file:
        match = LINE.match(line)
        if not match:
            continue
        pid, text = match.groups()
        if text.endswith("<unfinished ...>\n") or text.endswith("<unfinished ...>"):
            begun[pid] = text[:text.rindex("<unfinished")].rstrip()
            continue
        resumed = RESUMED.match(text)
        if resumed:
            text = begun.pop(pid, "") + resumed.group(1)
        call = CALL.match(text)
        if call and not call.group(3).startswith("-"):
            yield call.groups()


def unhex(text):
    return bytes.fromhex(text.replace("\\x", ""))


def operation(name, arguments, result, directory):
    """What a call does to the disk, or an answer: a tuple, or None."""
    target = TARGET.match(arguments)
    whole = unhex(target.group(1)).decode("utf-8", "replace") if target else ""
    path = os.path.basename(whole) if whole.startswith(directory + "/") else None
    if name == "sendto":
        answers = ANSWER.findall(unhex(re.search(r'"([^"]*)"', arguments).group(1)))
        return ("answered",
                [(one.decode(), status == AGAIN) for status, one in answers]) if answers else None
    if name == "openat" and "O_CREAT" in arguments:
        path = unhex(re.search(r'"([^"]*)"', arguments).group(1)).decode()
        return ("create", os.path.basename(path)) if path.startswith(directory + "/") else None
    if name in ("unlink", "rename"):
        path = unhex(re.search(r'"([^"]*)"', arguments).group(1)).decode()
        assert name == "unlink" or not path.startswith(directory), "a rename is not known here"
        return ("unlink", os.path.basename(path)) if path.startswith(directory + "/") else None
    if name in ("fsync", "fdatasync"):
        return ("sync", path) if path or whole == directory else None
    if not path or path.endswith("-shm"):
        return None
    if name == "ftruncate":
        return ("truncate", path, int(arguments.rpartition(",")[2]))
    assert name == "pwrite64", f"{name} to the journal is not known here"
    data, _, place = re.search(r'"([^"]*)", (\d+), (\d+)', arguments).groups()
    return ("write", path, int(place), unhex(data)[:int(result)])


def send_failing(server, count):
    """Events that fail, and each of them again, and again."""
    from senders import github_headers
    with server.connect() as connection:
        for status in (202, 202, 202):
            for i in range(count):
                answer = connection.request("POST", "/fails", b"{}",
                                            github_headers(b"{}", delivery=f"fails-{i}"))
                assert answer.status == status, answer.body
            server.wait_settled()


def record(program):
    """The operations of a server that receives, runs, copies its log and is reloaded."""
    from harness import Server, route, script
    from senders import Load
    trace = tempfile.mktemp(prefix="tenterhook-power-")
    wrapper = ["strace", "-D", "-f", "-q", "-y", "-xx", "-s", "10000000", "-e", "trace=" + TRACED,
               "-e", "signal=none", "-o", trace]
    os.environ["TENTERHOOK"] = program
    import harness
    harness.PROGRAM = program
    actions = [script('echo "$TENTERHOOK_ID" >>"$OUT/ledger"', stdin="none")]
    routes = [route(actions=actions), route("fails", actions=[script("exit 1", stdin="none")])]
    with Server(routes, wrapper=wrapper, server={"listeners": 1}) as server:
        directory = server.state
        # more than the log holds before it is copied
        for size, total in ((300, 30), (6000, 60), (300, 30), (20000, 40)):
            with Load(server, 4, total=total, size=size) as load:
                load.join()
            if size == 6000:
                server.reload()
                send_failing(server, 10)
        server.wait_settled()
        tracer = int(harness.read_proc(server.pid, "status").partition("TracerPid:")[2].split()[0])
    harness.wait_until(lambda: not harness.process_stat(tracer), "the end of the record")
    with open(trace, encoding="ascii", errors="replace") as file:
        operations = [one for one in (operation(*call, directory) for call in calls(file)) if one]
    os.unlink(trace)
    return operations


# ---- the disk ----

class Disk:
    """What is on the disk for certain, and what was written since and may be."""

    def __init__(self):
        self.files, self.pending = {}, []  # content by name; operations in order

    def do(self, operation):
        if operation[0] != "sync":
            self.pending.append(operation)
            return
        # a sync of a file, or of the directory, carries all changes of names before it (a journal
        # of names)
        rest = []
        for one in self.pending:
            if one[0] in ("create", "unlink") or one[1] == operation[1]:
                self.apply(self.files, one)
            else:
                rest.append(one)
        self.pending = rest

    @staticmethod
    def apply(files, operation, keep=None):
        """`keep`, where given, says of each sector of a write whether it is there."""
        kind, name = operation[:2]
        if kind == "create":
            files.setdefault(name, bytearray())
        elif kind == "unlink":
            files.pop(name, None)
        elif name not in files:
            return
        elif kind == "truncate":
            size = operation[2]
            files[name] = files[name][:size] + bytes(max(0, size - len(files[name])))
        else:
            place, data = operation[2:]
            content = files[name]
            for at in range(0, len(data), SECTOR) if keep else (0,):
                end = at - (place + at) % SECTOR + SECTOR if keep else len(data)
                piece = data[at:end] if keep else data
                if keep and not keep():
                    continue
                if len(content) < place + at + len(piece):
                    content.extend(bytes(place + at + len(piece) - len(content)))
                content[place + at:place + at + len(piece)] = piece

    def state(self, chance):
        """One that a power cut could leave."""
        files = {name: bytearray(content) for name, content in self.files.items()}
        ways = ("all", "none", "some", "some", "torn", "torn", "reordered", "last")
        how = chance.choice(ways)
        share = chance.random()
        pending = list(self.pending)
        if how == "reordered":  # only writes: names are changed in their order
            writes = [i for i, one in enumerate(pending) if one[0] == "write"]
            for i, j in zip(writes, chance.sample(writes, len(writes))):
                pending[i] = self.pending[j]
        for i, one in enumerate(pending):
            if how == "none" or (how in ("some", "reordered") and chance.random() < share) or \
                    (how == "last" and i == len(pending) - 1):
                continue
            self.apply(files, one, (lambda: chance.random() >= share) if how == "torn" else None)
        return how, files


# ---- the trial ----

class Opener:
    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def open(self, directory):
        self.process.stdin.write(os.path.join(directory, "journal.db") + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())


def judge(opened, acknowledged, agains):
    """What is wrong, or None; `agains` counts by id how often it was answered that an event runs
    again."""
    if not opened["opened"]:
        return "not opened: " + opened["reason"] if acknowledged else None
    missing = acknowledged - set(opened["ids"])
    if missing:
        return f"{len(missing)} of {len(acknowledged)} acknowledged events are missing"
    forgotten = sum((agains - Counter(opened["reruns"])).values())
    if forgotten:
        return f"{forgotten} of {sum(agains.values())} acknowledged runs are missing"
    if opened["integrity"] != "ok" or opened["halves"]:
        return (f"integrity {opened['integrity']}, {opened['halves']} events without body, "
                f"delivery or run")
    return None


def trial(operations, opener, states, chance, syncs=True):
    """Counts of states and the wrong ones."""
    cuts = sorted(chance.randrange(len(operations) + 1) for _ in range(states))
    disk, acknowledged, agains, at, wrong, ways = Disk(), set(), Counter(), 0, [], {}
    # the states are not to survive anything
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    for cut in cuts:
        for one in operations[at:cut]:
            if one[0] == "answered":
                acknowledged.update(name for name, _ in one[1])
                agains.update(name for name, again in one[1] if again)
            elif syncs or one[0] != "sync":
                disk.do(one)
        at = cut
        how, files = disk.state(chance)
        ways[how] = ways.get(how, 0) + 1
        with tempfile.TemporaryDirectory(prefix="tenterhook-power-", dir=memory) as directory:
            for name, content in files.items():
                if not name.endswith((".lock", "-shm")):
                    with open(os.path.join(directory, name), "wb") as file:
                        file.write(content)
            reason = judge(opener.open(directory), acknowledged, agains)
            if reason:
                wrong.append((cut, how, reason))
                keep = os.environ.get("TENTERHOOK_POWER_KEEP")
                if keep and syncs:
                    shutil.copytree(directory, os.path.join(keep, f"cut-{cut}-{how}"))
    return wrong, ways


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("opener")
    parser.add_argument("--states", type=int, default=400)
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    if not shutil.which("strace"):
        print("skipped: there is no strace")
        return 77
    operations = record(os.path.abspath(options.program))
    count = {kind: sum(one[0] == kind for one in operations)
             for kind in ("write", "sync", "answered")}
    answers = [again for one in operations if one[0] == "answered" for _, again in one[1]]
    print(f"seed {options.seed}: {count['write']} writes, {count['sync']} "
          f"syncs, {count['answered']} times answers for " f"{len(answers)} events, of them "
          f"{sum(answers)} that run again, recorded", flush=True)
    assert sum(answers) == 20, "answers are read wrongly"
    opener = Opener(options.opener)
    wrong, ways = trial(operations, opener, options.states, random.Random(options.seed))
    for cut, how, reason in wrong[:10]:
        print(f"WRONG: cut at {cut} of {len(operations)}, {how}: {reason}")
    print(f"{options.states} states of power cuts ({ways}): {len(wrong)} wrong")
    unsynced, _ = trial(operations, opener, options.states // 4, random.Random(options.seed),
                        syncs=False)
    print(f"as if nothing had been synced: {len(unsynced)} of {options.states // 4} wrong, as it "
          f"must be")
    return 0 if not wrong and unsynced else 1


if __name__ == "__main__":
    sys.exit(main())
