"""Every verb says how it is used where --help stands; what is no verb or option is named."""
import re
import subprocess

from harness import PROGRAM, ensure, expect


def run(*arguments):
    return subprocess.run([PROGRAM, *arguments], capture_output=True, text=True, timeout=10)


listed = re.findall(r"^  tenterhook ((\S+).*)\n      (.+)$", run("--help").stdout, re.M)
ensure(len(listed) >= 12, f"verbs of --help: {listed}")
for usage, verb, sentence in listed:
    for arguments in ([verb, "--help"], [verb, "-h"], ["help", verb], [verb, "list", "--help"],
                      [verb, "-c", "/none", "-h"]):
        said = run(*arguments)
        expect((said.returncode, said.stderr), (0, ""), f"{arguments}")
        expect(said.stdout, f"usage: tenterhook {usage}\n{sentence}\n", f"{arguments}")
    wrong = run(verb, "--wibble")
    expect((wrong.returncode, wrong.stderr),
           (2, f'tenterhook {verb}: there is no option "--wibble"\nusage: tenterhook {usage}\n'))
for arguments, said in ((["chekc"], 'no verb "chekc", did you mean "check"?'),
                        (["help", "evnts"], 'did you mean "events"?'),
                        (["--versoin"], 'no option "--versoin", did you mean "--version"?'),
                        (["nonsense"], "see tenterhook --help"),
                        (["send", "github", "--secret", "--hunter2", "--tp", "x"],
                         'no option "--tp", did you mean "--to"?'),
                        (["events", "--limti=3"], 'no option "--limti", did you mean "--limit"?')):
    wrong = run(*arguments)
    ensure(wrong.returncode == 2 and said in wrong.stderr and "hunter2" not in wrong.stderr,
           f"{arguments}: {wrong.stderr}")
expect((run("-h").stdout, run("-V").stdout), (run("--help").stdout, run("--version").stdout),
       "short ones")
expect(run("explain", "--", "--help").returncode, 2, "what stands behind -- is no option")
expect(run("nonsense", "--help").returncode, 2, "no verb")
with open("/dev/full", "w", encoding="utf-8") as full:
    expect(subprocess.run([PROGRAM, "check", "--help"], stdout=full,
                          stderr=subprocess.PIPE).returncode, 3, "a full disk")
print(f"usage of {len(listed)} verbs")
