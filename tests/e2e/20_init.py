"""init makes all that a server needs: it starts, and the printed line sends a test event that runs
the script, whoever signs it and how. A second init changes nothing, a dry run writes nothing."""
import os
import time

from first_run import directory, free_port, printed, send_and_see, serving, snapshot
from harness import ensure, expect, run_program

for provider in ("github", "gitlab", "stripe", "discord", "twilio-form", "twilio-json",
                 "alertmanager", "datadog"):
    began = time.monotonic()
    with directory() as place:
        arguments = ["init", provider, "--directory", place, "--port", free_port(),
                     "--host", "hooks.example.org", "--certificates", place]
        dry = run_program(*arguments, "--dry-run")
        expect((dry.returncode, dry.stderr, snapshot(place)), (0, "", {}), "a dry run")
        ensure(f"    |     path: /{provider}\n" in dry.stdout, dry.stdout)
        made = run_program(*arguments)
        expect(made.returncode, 0, f"{provider}: {made.stderr}")
        ensure(f"  URL           https://hooks.example.org:{arguments[5]}/{provider}\n"
               in made.stdout, made.stdout)
        files = snapshot(place)
        secrets = {name: mode for name, (_, mode) in files.items()
                   if name.endswith((".key", ".secret"))}
        expect(set(secrets.values()), {"0o100600"}, f"modes: {secrets}")
        with serving(printed(made.stdout, "serve")):
            shown = send_and_see(made.stdout, provider)
        ensure(f"{provider}: event " in shown and " bytes" in shown, shown)
        before = snapshot(place)
        again = run_program(*arguments)
        expect((again.returncode, again.stdout, snapshot(place)), (1, "", before), "a second init")
        ensure("is there already, and init changes no file" in again.stderr, again.stderr)
        os.remove(f"{place}/tenterhook.yaml")
        expect(run_program(*arguments).returncode, 0, "with what is left of the first")
        expect({name: snapshot(place)[name] for name in files}, files, "what was there is kept")
        ensure(time.monotonic() - began < 60, "under a minute")
expect(run_program("init", "githbu").stderr,
       'tenterhook: there is no provider "githbu", did you mean "github"?\n')
