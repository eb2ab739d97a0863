"""Every verb says how it is used, on standard output with exit status 0, where --help stands among its arguments."""
import re
import subprocess

from harness import PROGRAM, ensure, expect


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=10)


listed = re.findall(r"^  tenterhook ((\S+).*)\n      (.+)$", run("--help").stdout, re.M)
ensure(len(listed) >= 12, f"verbs of --help: {listed}")
for usage, verb, sentence in listed:
    for arguments in ([verb, "--help"], [verb, "list", "--help"], [verb, "-c", "/nonexistent", "--help"]):
        said = run(*arguments)
        expect((said.returncode, said.stderr), (0, ""), f"{arguments}")
        expect(said.stdout, f"usage: tenterhook {usage}\n{sentence}\n", f"{arguments}")
expect(run("explain", "--", "--help").returncode, 2, "what stands behind -- is no option")
expect(run("nonsense", "--help").returncode, 2, "no verb")
with open("/dev/full", "w", encoding="utf-8") as full:
    expect(subprocess.run([PROGRAM, "check", "--help"], stdout=full, stderr=subprocess.PIPE).returncode, 3, "a full disk")
print(f"usage of {len(listed)} verbs")
