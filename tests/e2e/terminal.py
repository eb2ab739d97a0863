"""A verb whose output is a terminal, and what a terminal would obey."""
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import unicodedata

from harness import PROGRAM

END = b"\xffthe end\xfe"


def on_terminal(*arguments, width=0, colour=False, term="dumb", keys=b"", env=None, output=None):
    """All that it writes, as the terminal gets it; `keys` are pressed before it starts. A dumb
    terminal gets no line of progress, which a slow machine would have. `output` is a file that its
    standard output goes to instead."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, width, 0, 0))
    os.write(ours, keys)
    environment = {**os.environ, "TERM": term, "NO_COLOR": "" if colour else "1",
                   **(env or {})}
    with subprocess.Popen([PROGRAM, *arguments], stdin=theirs, stdout=output or theirs,
                          stderr=theirs, env=environment) as process:
        got = b""
        while process.poll() is None:
            if select.select([ours], [], [], 0.005)[0]:
                got += os.read(ours, 65536)
    os.write(theirs, END)  # what is on its way comes before it; a closed end might drop that
    while not got.endswith(END):
        got += os.read(ours, 65536)
    os.close(theirs)
    os.close(ours)
    return got[:-len(END)]


def obeyed(got):
    """What in it is no text."""
    text = re.sub(r"\r*\n|\t", "", got.decode("utf-8", "surrogateescape"))
    return [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
