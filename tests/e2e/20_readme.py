"""The README, run as it stands: its route file, its script and its commands; and what it counts."""
import os
import re

from cookbook import Page
from harness import SOURCE, ensure, expect, run_program

with open(f"{SOURCE}/README.md", encoding="utf-8") as file:
    README = file.read()
INIT = re.search(r"^tenterhook init .* --start$", README, re.M)[0]  # run whole: 20_init_start
with Page("../../README", start=False) as server:
    check, events = server.commands
    os.remove(f"{server.directory}/tenterhook.yaml")
    ensure("at the provider, GitHub:" in server.shell(INIT.removesuffix(" --start")), "init")
    server.secrets.add(server.text("github.secret").strip())
    server.adapt_file("tenterhook.yaml")
    server.own()
    server.shell(check)
    server.start()
    ensure(server.shell(events).startswith('202 {"id"'), "the answer")
    server.wait_settled()
    expect(server.outputs(), ["deploying c0ffee12a3b4c5d6e7f8091a2b3c4d5e6f708192 of "
                              "refs/heads/main\n"])
presets = set(re.findall(r"^([a-z0-9-]+) {2,}", run_program("providers").stdout, re.M))
count = re.findall(r"(\d+) (?:senders are )?presets", README)
expect(set(count), {str(len(presets))}, "how many presets the README says there are")
named = re.search(r"are presets: (.*?) and", README, re.S)[1]
expect(set(re.findall(r"`(?:provider: )?([\w-]+)`", named)) - presets, set(), "presets named")
for path in re.findall(r"(?<![\w/])(?:\./)?(scripts/[\w-]+)", README):
    ensure(os.access(f"{SOURCE}/{path}", os.X_OK), path)
