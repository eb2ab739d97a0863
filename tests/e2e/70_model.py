"""Random walks through all that can happen to deliveries agree with a small reference model."""
import os
import re
import subprocess
import sys

from harness import PROGRAM, QUICK, SOURCE, ensure, skip

SEEDS = 20 if QUICK else 200
action = os.path.join(os.path.dirname(PROGRAM), "tests", "model", "model_action")
if not os.path.exists(action):
    skip("the command of the model test is not built")
said = subprocess.run(
    [sys.executable, os.path.join(SOURCE, "tests", "model", "run.py"), PROGRAM, action,
     "--seeds", str(SEEDS)], capture_output=True, text=True, check=False)
ensure(said.returncode == 0, said.stdout + said.stderr[-3000:])
print(re.findall(r"\d+ seeds of .*", said.stdout)[-1])
