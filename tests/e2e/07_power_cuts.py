"""No state that a power cut can leave on the disk lacks an acknowledged event, and none is taken
for damage."""
import os
import subprocess
import sys

from harness import PROGRAM, QUICK, SOURCE, skip

if os.environ.get("TENTERHOOK_SANITIZED"):
    skip("strace and LeakSanitizer do not go together; the plain run has this")
opener = os.path.join(os.path.dirname(PROGRAM), "tests", "power", "open_states")
states, served = ("100", "2") if QUICK else ("500", "8")
command = [os.path.join(SOURCE, "tests", "power", "run.py"), PROGRAM, opener]
sys.exit(subprocess.run([*command, "--states", states, "--serve", served], check=False).returncode)
