"""A verb whose output is a terminal, and what a terminal would obey."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
import unicodedata

from harness import PATIENCE, PROGRAM


def on_terminal(*arguments, width=0, colour=False, keys=b""):
    """All that it writes, as the terminal gets it; `keys` are pressed before it starts."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("4H", 24, width, 0, 0))
    os.write(ours, keys)
    environment = {**os.environ, "TERM": "xterm", "NO_COLOR": "" if colour else "1"}
    with subprocess.Popen([PROGRAM, *arguments], stdin=theirs, stdout=theirs,
                          stderr=theirs, env=environment) as process:
        os.close(theirs)
        got = b""
        try:
            while piece := os.read(ours, 65536):
                got += piece
        except OSError:
            pass  # so ends a terminal
        os.close(ours)
        process.wait(20 * PATIENCE)
    return got


def obeyed(got):
    """What in it is no text."""
    text = re.sub(r"\r*\n|\t", "", got.decode("utf-8", "surrogateescape"))
    return [c for c in text if unicodedata.category(c) in ("Cc", "Cf", "Cs", "Zl", "Zp")]
