"""System calls of one running process that fail or take long, injected by strace."""
import contextlib
import os
import shutil
import subprocess
import tempfile

from harness import skip, wait_until


@contextlib.contextmanager
def injected(pid, call, what):
    """Meanwhile calls of `call` by `pid` (not by its children) suffer `what`: error=EIO:when=1."""
    if not shutil.which("strace"):
        skip("strace is not installed")
    with tempfile.TemporaryFile("w+") as said, tempfile.NamedTemporaryFile("r") as calls:
        tracer = subprocess.Popen(["strace", "-p", str(pid), "-o", calls.name, "-e",
                                   "trace=" + call, "-e", f"inject={call}:{what}"],
                                  stdin=subprocess.DEVNULL, stderr=said)

        def text():
            return os.pread(said.fileno(), 4096, 0).decode()

        try:
            wait_until(lambda: "attached" in text() or tracer.poll() is not None,
                       "strace to attach")
            if tracer.poll() is not None:
                skip(f"strace cannot attach here: {text().strip()}")
            yield lambda: "INJECTED" in open(calls.name, encoding="utf-8", errors="replace").read()
        finally:
            tracer.terminate()
            tracer.wait()
