"""The short ways to ask, and what stands behind `--` or meets a full disk."""
import subprocess

from harness import PROGRAM, ensure, expect, run_program as run

expect((run("-h").stdout, run("-V").stdout), (run("--help").stdout, run("--version").stdout),
       "short ones")
expect((run("help").stdout, run().stdout), (run("--help").stdout, run("--help").stdout), "help")
expect((run().returncode, run("help", "check").returncode), (2, 0), "codes")
behind = run("explain", "--", "--help")
expect(behind.returncode, 1, "what stands behind -- is no option")
ensure('there is no key "--help"' in behind.stderr, behind.stderr)
for shorter in (["events", "--lim", "3"], ["check", "--without"], ["status", "--journ", "x"]):
    ensure("did you mean" in run(*shorter).stderr, f"no name is cut short: {shorter}")
with open("/dev/full", "w", encoding="utf-8") as full:
    expect(subprocess.run([PROGRAM, "check", "--help"], stdout=full,
                          stderr=subprocess.PIPE).returncode, 3, "a full disk")
