"""What init writes for each built-in provider passes its check, and it says what to enter there."""
import re

from first_run import directory
from harness import ensure, expect, run_program

PROVIDERS = [line.split()[0] for line in run_program("providers").stdout.splitlines()]
with directory() as place:
    for provider in PROVIDERS:
        made = run_program("init", provider, "--directory", f"{place}/{provider}",
                           "--certificates", place, "--host", "hooks.example.org")
        expect(made.returncode, 0, f"{provider}: {made.stderr}")
        ensure(re.search(rf"^  URL +https://hooks.example.org:8443/{provider}$", made.stdout, re.M)
               and "  content type  " in made.stdout, made.stdout)
        ensure("for its secret" not in made.stderr and "error" not in made.stderr, made.stderr)
ensure(len(PROVIDERS) > 100, f"{PROVIDERS}")
print(f"{len(PROVIDERS)} providers")
