"""Every verb explains each of its options where --help stands; what is no verb or option is named,
with what was probably meant."""
import re

from harness import ensure, expect, run_program as run

VERBS = re.findall(r"^  (\w+) +\w", run("--help").stdout, re.M)
ensure(len(VERBS) >= 23 and {"serve", "events", "help"} <= set(VERBS), f"verbs of --help: {VERBS}")
for verb in VERBS:
    whole = run(verb, "--help").stdout
    usage, _, rest = whole.partition("\n\n")
    ensure(usage.startswith(f"usage: tenterhook {verb}") and "  -h, --help " in rest, whole)
    for option in re.findall(r"(?<![\w-])--?[a-z][a-z-]*", usage):
        ensure(re.search(rf"^  (-\w, )?{option}[ ,].*[a-z]", rest, re.M), f"{option}: {whole}")
    ensure(all(len(line) <= 80 for line in whole.splitlines()), f"80 columns: {whole}")
    for arguments in ([verb, "-h"], ["help", verb], [verb, "list", "--help"],
                      [verb, "-c", "/none", "-h"]):
        said = run(*arguments)
        expect((said.returncode, said.stdout, said.stderr), (0, whole, ""), f"{arguments}")
    wrong = run(verb, "--wibble")
    ensure(wrong.returncode == 2 and re.fullmatch(
        rf'tenterhook {verb}: there is no option "--wibble"\n(.+\n)?see tenterhook {verb} --help\n',
        wrong.stderr), wrong.stderr)
SECRET = ["send", "github", "--secret", "--hunter2"]
for arguments, said in (
        (["chekc"], 'no verb "chekc", did you mean "check"?'),
        (["help", "evnts"], 'did you mean "events"?'), (["doctor"], 'did you mean "status"?'),
        (["retry"], 'did you mean "replay"?'), (["start"], 'did you mean "serve"?'),
        (["inspect"], 'did you mean "events show"?'), (["validate", "-c", "x"], "check -c FILE"),
        (["--versoin"], 'no option "--versoin", did you mean "--version"?'),
        (["nonsense"], "see tenterhook --help"), (["nonsense", "--help"], 'no verb "nonsense"'),
        ([*SECRET, "--tp", "x"], 'no option "--tp", did you mean "--to"?'),
        ([*SECRET, "--to", "x", "-phunter2"], 'no option "-p"'), ([*SECRET], "needs --to URL"),
        ([*SECRET, "--to", "x", "hunter2"], "no further word behind PROVIDER"),
        (["events", "--limti=3"], 'no option "--limti", did you mean "--limit"?')):
    wrong = run(*arguments)
    ensure(wrong.returncode == 2 and said in wrong.stderr and "hunter2" not in wrong.stderr,
           f"{arguments}: {wrong.stderr}")
print(f"help of {len(VERBS)} verbs")
