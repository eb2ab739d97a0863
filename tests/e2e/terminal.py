"""A verb whose output is a terminal, and what a terminal would obey."""
import os
import pty
import re
import subprocess
import unicodedata

from harness import PATIENCE, PROGRAM


def on_terminal(*arguments):
    """All that it writes, as the terminal gets it."""
    ours, theirs = pty.openpty()
    with subprocess.Popen([PROGRAM, *arguments], stdin=theirs, stdout=theirs,
                          stderr=theirs) as process:
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
