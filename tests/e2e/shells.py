"""Shells at a terminal, in which lines are typed and completed. What a line has become is known
from what the shell starts: a program in the place of tenterhook that notes its arguments."""
import fcntl
import os
import pty
import select
import shutil
import subprocess
import termios

from harness import PROGRAM, SOURCE, wait_until

COMPLETIONS = os.path.join(SOURCE, "docs", "completions")
PROMPT = b"rea" + b"dy> "
# how it is started, and what is typed first; the prompt is not in what is typed
SHELLS = {
    "bash": (["--norc", "--noprofile", "-i"], "PS1='rea''dy> '; source %s/tenterhook.bash"),
    "zsh": (["-f", "-i"], "PS1='rea''dy> '; autoload -Uz compinit; compinit -u -D; "
                          "source %s/_tenterhook"),
    "fish": (["--no-config", "-i"], "function fish_prompt; echo -n rea'dy> '; end; "
                                    "source %s/tenterhook.fish"),
}


class Shell:
    def __init__(self, name, directory, environment):
        arguments, setup = SHELLS[name]
        self.noted, stub = os.path.join(directory, "noted"), os.path.join(directory, "tenterhook")
        with open(stub, "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\n[ "$1" = complete ] && exec {PROGRAM} "$@"\n'
                       f"printf '%s\\n' \"$*\" >>{self.noted}\n")
        os.chmod(stub, 0o755)
        self.ours, theirs = pty.openpty()
        path = directory + ":" + os.environ["PATH"]
        self.process = subprocess.Popen(
            [shutil.which(name), *arguments], stdin=theirs, stdout=theirs, stderr=theirs,
            start_new_session=True, preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),
            cwd=directory, env={**environment, "PATH": path, "HOME": directory, "TERM": "vt100",
                                "INPUTRC": "/dev/null"})
        os.close(theirs)
        self.screen = b""
        self.type(setup % COMPLETIONS + "\r")

    def read(self):
        while select.select([self.ours], [], [], 0.01)[0]:
            try:
                self.screen += os.read(self.ours, 65536)
            except OSError:  # it has ended
                return self.screen
        return self.screen

    def type(self, keys):
        """Returns when the next prompt is there."""
        self.screen = b""
        os.write(self.ours, keys.encode())
        wait_until(lambda: PROMPT in self.read(), f"the prompt behind {keys!r}")

    def completed(self, keys):
        """The line of the keys, in which \t completes, as the program gets it."""
        before = self.lines()
        self.screen = b""
        os.write(self.ours, keys.encode() + b"\r")
        wait_until(lambda: self.read() and len(self.lines()) > len(before), f"the line of {keys!r}")
        wait_until(lambda: PROMPT in self.read().rsplit(b"\n", 1)[-1], "the next prompt")
        return self.lines()[-1]

    def lines(self):
        try:
            with open(self.noted, encoding="utf-8") as file:
                return [line for line in file.read().split("\n")[:-1]]
        except FileNotFoundError:
            return []

    def __enter__(self):
        return self

    def __exit__(self, *_):
        os.close(self.ours)
        self.process.kill()
        self.process.wait()
