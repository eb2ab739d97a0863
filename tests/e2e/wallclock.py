"""Clocks that a test can set, for the server alone."""
import os
import subprocess
import tempfile

from harness import skip


class WallClock:
    """`env` for the server; offset() in seconds, from the next look at the clocks on. A monotonic
    clock that is ahead is a process that stood still for so long."""

    def __init__(self):
        self.directory = tempfile.TemporaryDirectory(prefix="tenterhook-clock-")
        os.chmod(self.directory.name, 0o755)
        library = os.path.join(self.directory.name, "wallclock.so")
        source = os.path.join(os.path.dirname(os.path.abspath(__file__)), "wallclock.c")
        if subprocess.run([os.environ.get("CC", "cc"), "-O1", "-shared", "-fPIC", "-o", library,
                           source], check=False).returncode:
            skip("no C compiler to build a wall clock with")
        self.file = os.path.join(self.directory.name, "offset")
        self.offset(0)
        self.env = {"LD_PRELOAD": library, "WALLCLOCK_OFFSET": self.file,
                    "ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS",
                                                   "") + ":verify_asan_link_order=0"}

    def offset(self, seconds, monotonic=0):
        with open(self.file + ".new", "w", encoding="ascii") as file:
            file.write(f"{seconds} {monotonic}")
        os.chmod(self.file + ".new", 0o644)
        os.rename(self.file + ".new", self.file)
