"""Every route file in config/examples is right as it stands."""
import glob
import json
import os
import re
import shutil
import subprocess
import tempfile

from harness import PROGRAM, SOURCE, expect, make_certificate

def check(path):
    with open(path, encoding="utf-8") as file:
        variables = re.findall(r"\{env: (\w+)\}", file.read())
    environment = {**os.environ, **{name: "a secret that is long enough" for name in variables}}
    done = subprocess.run([PROGRAM, "check", "-c", path], env=environment, capture_output=True,
                          text=True, check=False)
    expect((done.returncode, "error" in done.stdout), (0, False), path + done.stderr)

with tempfile.TemporaryDirectory() as directory:
    for path in glob.glob(f"{SOURCE}/config/examples/*"):
        shutil.copy(path, directory)
    for name in ("dev", "server"):
        make_certificate(directory, name)
    files = sorted(glob.glob(f"{directory}/*.yaml"))
    for path in files:
        check(path)
    order = f"{directory}/order.json"
    for placed, price, status in (("2026-01-01T00:00:00Z", 9.99, 0), ("yesterday", 9.999, 1)):
        items = [{"sku": "x", "price": price}]
        with open(order, "w", encoding="utf-8") as file:
            json.dump({"number": "AB-123456", "placed": placed, "items": items}, file)
        done = subprocess.run([PROGRAM, "validate", "--formats", "assert", "--schema",
                               f"{directory}/order.schema.json", order], capture_output=True,
                              text=True, check=False)
        expect(done.returncode, status, done.stdout + done.stderr)
print(f"{len(files)} route files are right; validate tells a right order from a wrong one")
