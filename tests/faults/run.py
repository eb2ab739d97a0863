#!/usr/bin/env python3
"""Faults at the n-th call: run.py PROGRAM SHIM [--each N] [--size BYTES] [--seed N] [FAULT…]

One event is sent over TLS to a running server whose command notes the event's id, while the n-th
call of a kind in the listener or the runner fails: for every n on the way of the event and of its
outcome; with --each for so many of them, chosen at random. With a --size of 1500000 the log is
copied into the file on the way. The answer is a refusal, or the connection breaks, or the event is
carried out: never 2xx and lost. Then everything works by itself: a second event is taken and
carried out. No process dies.
"""
import argparse
import errno
import mmap
import os
import random
import re
import struct
import subprocess
import sys
import tempfile
import time
import uuid
from collections import Counter

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "e2e"))
# in the order of enum kind and enum how in nth.c
KINDS = ("write", "stream", "sync", "memory", "descriptor", "fork")
HOWS = ("error", "one byte", "too large")
# name: kind, how, error, the processes
FAULTS = {
    "write-eio": ("write", "error", errno.EIO, ("runner", "listener")),
    "write-enospc": ("write", "error", errno.ENOSPC, ("runner", "listener")),
    "write-sigxfsz": ("write", "too large", errno.EFBIG, ("runner",)),
    "write-one-byte": ("stream", "one byte", 0, ("runner", "listener")),
    "sync-eio": ("sync", "error", errno.EIO, ("runner",)),
    "sync-enospc": ("sync", "error", errno.ENOSPC, ("runner",)),
    "memory": ("memory", "error", errno.ENOMEM, ("runner", "listener")),
    "descriptor": ("descriptor", "error", errno.EMFILE, ("runner", "listener")),
    "fork": ("fork", "error", errno.EAGAIN, ("runner",)),
}
# cat reads the body, and what it writes is kept
COMMAND = 'cat; cat >&2 </dev/null; echo "$TENTERHOOK_ID" >>"$OUT/ledger"'
CONTROL = struct.Struct("=iiii16sqqq")


class Control:
    """The file that all processes of the server have mapped."""

    def __init__(self):
        self.file = tempfile.NamedTemporaryFile(prefix="tenterhook-fault-")
        self.file.write(bytes(4096))
        self.file.flush()
        self.memory = mmap.mmap(self.file.fileno(), 4096)

    def arm(self, fault, role, at):
        kind, how, error, _ = FAULTS[fault]
        self.memory[:CONTROL.size] = CONTROL.pack(0, KINDS.index(kind), HOWS.index(how), error,
                                                  f"th-{role}".encode(), at, 0, 0)
        self.memory[:4] = struct.pack("=i", 1)

    def disarm(self):
        """How many calls there were, and whether one has failed."""
        self.memory[:4] = struct.pack("=i", 0)
        *_, count, hits = CONTROL.unpack(self.memory[:CONTROL.size])
        return count, hits > 0

    def has_hit(self):
        return CONTROL.unpack(self.memory[:CONTROL.size])[-1] > 0


def carried_out(server, one):
    return one in server.ledger()


class Trials:
    """One server, and what it answered."""

    def __init__(self, server, control, size):
        self.server, self.control = server, control
        self.body = b'"' + b"x" * size + b'"'
        self.answers, self.wrong, self.slowest = Counter(), [], 0.0

    def send(self):
        """The status and the id of an event; 0: the connection broke."""
        from senders import github_headers
        try:
            answer = self.server.post("/hook", self.body,
                                      github_headers(self.body, delivery=str(uuid.uuid4())))
            return answer.status, answer.json().get("id") if answer.status < 300 else None
        except (OSError, ValueError):
            return 0, None

    def wait(self, condition, seconds):
        end = time.monotonic() + seconds
        while not condition() and time.monotonic() < end:
            time.sleep(0.003)
        return condition()

    def settled(self, one):
        return self.server.query("SELECT 1 FROM event e JOIN delivery d ON d.event = e.seq WHERE "
                                 "e.id = ? AND d.state IN ('done', 'dead')", one)

    def one(self, fault, role, at):
        """How many calls there were, and whether one of them has failed."""
        self.control.arm(fault, role, at)
        status, one = self.send()
        if one:
            self.wait(lambda: self.control.has_hit() or self.settled(one), 3)
        count, hit = self.control.disarm()
        begun = time.monotonic()
        if hit:
            self.answers[status] += 1
        if 300 <= status < 500:
            self.wrong.append(f"{fault} {role} {at}: answered {status}")
        if one and not self.wait(lambda: carried_out(self.server, one), 30):
            self.wrong.append(f"{fault} {role} {at}: answered {status}, and {one} is lost")
        if hit and not self.recovers():
            self.wrong.append(f"{fault} {role} {at}: the next event is not carried out")
        self.slowest = max(self.slowest, time.monotonic() - begun)
        return count, hit

    def recovers(self):
        end = time.monotonic() + 30
        while time.monotonic() < end:
            _, one = self.send()
            if one:
                return self.wait(lambda: carried_out(self.server, one), 30)
            time.sleep(0.02)
        return False

    def every(self, fault, role, each, chance):
        """Every n on the way, or `each` of them. The first events take more calls than others."""
        for _ in range(3):
            self.one(fault, role, 0)
        most = max(self.one(fault, role, 0)[0] for _ in range(3))
        chosen = range(1, most + 1)
        if each and most > each:
            chosen = sorted(chance.sample(chosen, each))
        hits = sum(self.one(fault, role, at)[1] for at in chosen)
        return most, len(chosen), hits


def trials(program, shim, fault, options):
    import harness
    from harness import Server, route, script
    harness.PROGRAM = program
    control, chance = Control(), random.Random(f"{options.seed} {fault}")
    env = {"LD_PRELOAD": shim, "TENTERHOOK_FAULT": control.file.name}
    # in a cgroup a command begins by clone3, which is no call of the C library
    settings = {"listeners": 1, "cgroup": "off" if fault == "fork" else "auto"}
    hook = route(actions=[script(COMMAND)], max_body="8MiB")
    with Server([hook], env=env, server=settings) as server:
        made = Trials(server, control, options.size)
        for role in FAULTS[fault][3]:
            begun = time.monotonic()
            most, chosen, hits = made.every(fault, role, options.each, chance)
            print(f"{fault} in the {role}: {hits} of {chosen} faults hit, {most} calls on the way, "
                  f"answers {dict(made.answers)}, slowest recovery {made.slowest:.1f} s, in "
                  f"{time.monotonic() - begun:.0f} s", flush=True)
            made.answers.clear()
        made.wrong += re.findall(r".* died .*|.*journal_(?:missing|changed).*", server.log())
        for line in made.wrong[:20]:
            print("WRONG:", line)
        if made.wrong:
            server.show_log()
    return 1 if made.wrong else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program")
    parser.add_argument("shim")
    parser.add_argument("faults", nargs="*", default=[], help=", ".join(FAULTS))
    parser.add_argument("--each", type=int, default=0, help="so many of the calls; 0: all")
    parser.add_argument("--size", type=int, default=8000, help="bytes of the body")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    parser.add_argument("--alone", action="store_true", help="in this process")
    options = parser.parse_intermixed_args()
    program, shim = os.path.abspath(options.program), os.path.abspath(options.shim)
    if options.alone:
        return trials(program, shim, options.faults[0], options)
    print(f"seed {options.seed}", flush=True)
    running, failed = [], 0
    for fault in options.faults or FAULTS:
        running.append(subprocess.Popen([sys.executable, __file__, program, shim, fault, "--alone",
                                         "--each", str(options.each), "--seed", str(options.seed),
                                         "--size", str(options.size)]))
        if len(running) == 2:
            failed |= running.pop(0).wait()
    return max([failed, *[one.wait() for one in running]])


if __name__ == "__main__":
    sys.exit(main())
