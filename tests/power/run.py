#!/usr/bin/env python3
"""Power cuts: run.py PROGRAM OPENER [--states N] [--serve N] [--seed N]

The program receives events under strace, which records every write and sync of the journal's files
and every answer of the runner, in one order; some events fail and are sent again, the log is copied
into the file, and the server is reloaded meanwhile. A power cut at any point of it may leave each
write since the last sync of its file or not, torn at sectors, in any order. Disk states made so are
opened as a start of the server does, and --serve of them by the program itself: every event that
was answered before the cut has to be there, and every run again that was, the file whole, no state
taken for damage, and nothing told as missing.

To show that this can fail, the same is done as if no sync had been made, and with a server that is
made to run with synchronous=NORMAL: both lose events, and the mark names events that are lost.
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
    """(pid, name, arguments, result) in the order in which they ended."""
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
            yield (pid, *call.groups())


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


def record(program, preload=""):
    """The operations of a server that receives, runs, copies its log and is reloaded, and between
    which of them two runners write."""
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
    with Server(routes, wrapper=wrapper, server={"listeners": 1},
                env={"LD_PRELOAD": preload}) as server:
        directory = server.state
        # more than the log holds before it is copied
        for size, total in ((300, 30), (6000, 90), (300, 30), (20000, 40)):
            with Load(server, 4, total=total, size=size) as load:
                if size == 6000:
                    server.reload()
                load.join()
            if size == 6000:
                send_failing(server, 10)
        server.wait_settled()
        tracer = int(harness.read_proc(server.pid, "status").partition("TracerPid:")[2].split()[0])
    harness.wait_until(lambda: not harness.process_stat(tracer), "the end of the record")
    operations, runners = [], []
    with open(trace, encoding="ascii", errors="replace") as file:
        for pid, *call in calls(file):
            one = operation(*call, directory)
            operations += [one] if one else []
            runners += [(pid, len(operations))] if one and one[0] == "answered" else []
    os.unlink(trace)
    first = runners[0][0]
    both = (next(at for pid, at in runners if pid != first),
            max(at for pid, at in runners if pid == first))
    return operations, (min(both), max(both))


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
    """Opens states as a start of the server does."""

    def __init__(self, program):
        self.process = subprocess.Popen([program], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        text=True)

    def __call__(self, directory, acknowledged, agains):
        self.process.stdin.write(os.path.join(directory, "journal.db") + "\n")
        self.process.stdin.flush()
        opened = json.loads(self.process.stdout.readline())
        return judge(opened, acknowledged, agains), opened.get("missing", 0) > 0


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
    if opened["missing"] or opened["changed"]:
        return f"a false alarm: {opened['missing']} missing, {opened['changed']} changed"
    return None


def serve(directory, acknowledged, _):
    """What is wrong when the program itself starts on that state, or None."""
    from harness import Failure, Server, route, script, server_user
    if os.geteuid() == 0:
        for name in (".", *os.listdir(directory)):
            os.chown(os.path.join(directory, name), server_user().pw_uid, server_user().pw_gid)
    routes = [route("fails", actions=[script("exit 0", stdin="none")])]
    try:
        with Server(routes, state=directory, server={"listeners": 1}) as server:
            missing = acknowledged - {row[0] for row in server.query("SELECT id FROM event")}
            taken = server.post("/fails", b"{}").status == 202
            server.kill_all()
    except Failure as failure:
        return f"the program: {failure}", False
    reason = f"the program has not {len(missing)} acknowledged events" if missing else None
    return reason or (None if taken else "the program takes no new event"), False


def cut_off(operations, reload, count, chance, syncs):
    """So many states of the disk, one in eight of them in the reload: where the cut is and how it
    went, the files, and what was answered before it."""
    cuts = sorted(chance.randint(*(reload if chance.random() < 1 / 8 else (0, len(operations))))
                  for _ in range(count))
    disk, acknowledged, agains, at = Disk(), set(), Counter(), 0
    for cut in cuts:
        for one in operations[at:cut]:
            if one[0] == "answered":
                acknowledged.update(name for name, _ in one[1])
                agains.update(name for name, again in one[1] if again)
            elif syncs or one[0] != "sync":
                disk.do(one)
        at = cut
        how, files = disk.state(chance)
        copying = any(one[:2] == ("write", "journal.db") for one in disk.pending)
        yield cut, how, files, copying, acknowledged, agains


class Trial:
    """Opens states and counts them: in all, by the way of the cut, while the log was copied, while
    two runners wrote; the wrong ones; and of those the ones in which the mark names events."""

    def __init__(self, operations, reload, seed):
        self.operations, self.reload, self.chance = operations, reload, random.Random(seed)
        self.ways, self.copying, self.reloading = Counter(), 0, 0
        self.wrong, self.named = [], 0

    def run(self, count, opener, syncs=True):
        # the states are not to survive anything
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
        for cut, how, files, copying, *answered in cut_off(self.operations, self.reload, count,
                                                           self.chance, syncs):
            self.ways[how] += 1
            self.copying += copying
            self.reloading += self.reload[0] <= cut <= self.reload[1]
            with tempfile.TemporaryDirectory(prefix="tenterhook-power-", dir=memory) as directory:
                os.chmod(directory, 0o755)
                for name, content in files.items():
                    if not name.endswith((".lock", "-shm")):
                        with open(os.path.join(directory, name), "wb") as file:
                            file.write(content)
                reason, named = opener(directory, *answered)
                if reason:
                    self.wrong.append(f"cut at {cut} of {len(self.operations)}, {how}: {reason}")
                    self.named += named
                    self.keep(directory, f"cut-{cut}-{how}")
        return self

    @staticmethod
    def keep(directory, name):
        keep = os.environ.get("TENTERHOOK_POWER_KEEP")
        if keep:
            shutil.copytree(directory, os.path.join(keep, name), dirs_exist_ok=True)


def describe(operations):
    count = Counter(one[0] for one in operations)
    answers = [again for one in operations if one[0] == "answered" for _, again in one[1]]
    assert sum(answers) == 20, "answers are read wrongly"
    return (f"{count['write']} writes, {count['sync']} syncs, {count['answered']} times answers "
            f"for {len(answers)} events, of them {sum(answers)} that run again, recorded")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("opener")
    parser.add_argument("--states", type=int, default=400)
    parser.add_argument("--serve", type=int, default=0, help="states that the program opens, too")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    options = parser.parse_args()
    if not shutil.which("strace"):
        print("skipped: there is no strace")
        return 77
    program, few = os.path.abspath(options.program), options.states // 4
    recorded = record(program)
    normal = record(program, os.path.join(os.path.dirname(options.opener), "normal.so"))
    print(f"seed {options.seed}: {describe(recorded[0])}", flush=True)
    served = Trial(*recorded, options.seed).run(options.serve, serve)
    opener = Opener(options.opener)
    full = Trial(*recorded, options.seed).run(options.states, opener)
    for reason in served.wrong + full.wrong[:10]:
        print("WRONG:", reason)
    print(f"{options.states} states of power cuts ({dict(full.ways)}), {full.copying} while the "
          f"log was copied, {full.reloading} in a reload: {len(full.wrong)} wrong; {options.serve} "
          f"opened by the program: {len(served.wrong)} wrong", flush=True)
    unsynced = Trial(*recorded, options.seed).run(few, opener, syncs=False)
    normal = Trial(*normal, options.seed).run(few, opener)
    for how, trial in (("as if nothing had been synced", unsynced),
                       ("with synchronous=NORMAL", normal)):
        print(f"{how}: {len(trial.wrong)} of {few} wrong, as it must be; the mark names events in "
              f"{trial.named}")
    seen = full.copying and full.reloading and unsynced.wrong and normal.wrong
    return 0 if not full.wrong and not served.wrong and seen else 1


if __name__ == "__main__":
    sys.exit(main())
