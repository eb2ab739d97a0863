"""The n-th call on the way of an event and its outcome fails (a write, a sync, memory, descriptors,
a fork): it is refused or carried out, never acknowledged and lost, and the next event is taken."""
import os
import subprocess
import sys

from harness import PROGRAM, QUICK, SOURCE, skip

if os.environ.get("TENTERHOOK_SANITIZED"):
    skip("a library before the C library and the sanitizers do not go together")
shim = os.path.join(os.path.dirname(PROGRAM), "tests", "faults", "nth.so")
command = [os.path.join(SOURCE, "tests", "faults", "run.py"), PROGRAM, shim]
sys.exit(subprocess.run([*command, "--each", "2" if QUICK else "5"], check=False).returncode)
