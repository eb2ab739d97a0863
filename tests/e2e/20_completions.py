"""bash, zsh and fish complete verbs, options, routes, presets, event ids and files."""
import os
import shutil

from harness import Server, ensure, expect, ledger, route, run_program
from shells import SHELLS, Shell

skipped = [name for name in SHELLS if not shutil.which(name)]
NAMED = {**ledger(), "name": "ledger"}
with Server([route("deploy-all", events=["push"], actions=[NAMED])]) as server:
    event = server.post("/deploy-all", b"{}").json()["id"]
    server.wait_settled()
    for name in SHELLS:
        if name in skipped:
            continue
        place = os.path.join(server.directory, name)
        os.makedirs(os.path.join(place, "a-folder"))
        server.write(os.path.join(place, "hooks.secret"), "x")
        with Shell(name, place, {**os.environ, "TENTERHOOK_CONFIG": server.file}) as shell:
            for keys, wanted in (
                    ("tenterhook ev\tsh\t", "events show"),
                    (f"tenterhook events show {event[:9]}\t", f"events show {event}"),
                    ("tenterhook replay --dr\t--rou\tdep\t", "replay --dry-run --route deploy-all"),
                    ("tenterhook pause dep\t", "pause deploy-all"),
                    ("tenterhook send githu\t-sha\t", "send github-sha1"),
                    ("tenterhook send github --secret-f\thook\t",
                     "send github --secret-file hooks.secret"),
                    ("tenterhook events list --state sup\t", "events list --state superseded"),
                    ("tenterhook events list --state=sup\t", "events list --state=superseded"),
                    ("tenterhook explain conc\t", "explain concurrency"),
                    ("tenterhook events list --type pu\t--act\tled\t",
                     "events list --type push --action ledger"),
                    ("tenterhook explain server.health\t", "explain server.health")):
                expect(shell.completed(keys), wanted, f"{name}: {keys!r}")
print(f"completed in {', '.join(set(SHELLS) - set(skipped))}; not there: {skipped or 'none'}")
