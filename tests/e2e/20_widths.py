"""What a newcomer asks for first has no line that is wider than the terminal, but for commands and
YAML to copy; a pipe gets each fact in one line."""
import tempfile

from harness import Server, ensure, ledger, route, run_program
from terminal import on_terminal

WIDTH = 80

def lines(*arguments):
    return on_terminal(*arguments, width=WIDTH).decode().replace("\r\n", "\n").splitlines()

def ensure_fits(shown, name):
    wide = [line for line in shown if len(line) > WIDTH]
    ensure(len(shown) > 3 and not wide, f"{name}: {wide}")

ensure_fits(lines("providers"), "providers")
presets = [line.split()[0] for line in run_program("providers").stdout.splitlines()]
with tempfile.TemporaryDirectory() as place:
    for name in [*presets[::9], "github", "bitbucket-cloud", "standard-webhooks-ed25519"]:
        shown = lines("providers", name)
        facts = shown[:shown.index("As it is written (copy it under providers: to change it):")]
        ensure_fits([line for line in facts if " " in line[13:].strip()], name)
        shown = lines("init", name, "--dry-run", "--directory", place, "--host", "h.example.org")
        ensure_fits([line for line in shown if "  tenterhook " not in line and place not in line
                     and "://" not in line], f"init {name}")
facts = run_program("providers", "github").stdout.partition("\nAs it is")[0].splitlines()
ensure([line for line in facts if line.startswith("events  ") and len(line) > 1000], facts)
with Server([route(actions=[ledger()])], start=False) as server:
    said = server.tool("check").stdout
    ensure("SQLite" not in said and "bug" not in said, said)
