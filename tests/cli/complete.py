#!/usr/bin/env python3
"""What shells offer: complete.py PROGRAM

Every verb, every option with its values, every preset and every key is offered where it may stand,
and nothing is said on standard error, whatever was typed. (tests/e2e/20_completions.py types.)
"""
import re
import subprocess
import sys

number = failed = 0


def result(good, name):
    global number, failed
    number += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {number} - {name}")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def offered(program, *words):
    done = run(program, "complete", "--", *words)
    if done.returncode != 0 or done.stderr:
        result(False, f"{words}: {done.returncode} {done.stderr}")
    return [line.partition("\t")[0] for line in done.stdout.splitlines()]


def check_verb(program, verb):
    whole = run(program, verb, "--help").stdout
    usage = whole.partition("\n\n")[0]
    words = re.findall(rf"tenterhook {verb} \[?([a-z]+)\b", usage)
    options = set(re.findall(r"^  (?:-\w, )?(--[a-z-]+)", whole, re.M))
    forms = [[word] for word in words] or [[]]
    found = {option for form in forms for option in offered(program, verb, *form, "--")}
    lost = options ^ found
    for option in re.findall(r"^  (?:-\w, )?(--[a-z-]+) FILE", whole, re.M):
        if offered(program, verb, *forms[0], option, "") != [":files"]:
            lost.add(option)
    result(not lost and set(words) <= set(offered(program, verb, "")) | {""},
           f"{verb}: options {lost or ''}")


def main():
    program = sys.argv[1]
    verbs = re.findall(r"^  (\w+) +\w", run(program, "--help").stdout, re.M)
    result(set(offered(program, "")) == {*verbs, "--help", "--version"}, f"{len(verbs)} verbs")
    for verb in verbs:
        check_verb(program, verb)
    presets = re.findall(r"^([\w-]+)", run(program, "providers").stdout, re.M)
    result(len(presets) > 100 and offered(program, "send", "") == presets, "presets")
    page = run(program, "reference").stdout.partition("\n## What an action is given\n")[0]
    wanted, path = set(), ""
    for line in page.partition("## The top level")[2].splitlines():
        heading, key = re.match(r"## ([\w.]+)", line), re.match(r"\| `([a-z_]+)` \|", line)
        path = heading[1] + "." if heading else path
        if key:
            wanted.add(path + key[1])
    lost = (wanted | {"done", "rate_limited"}) - set(offered(program, "explain", ""))
    result(len(wanted) > 250 and not lost, f"{len(wanted)} keys {sorted(lost)[:5] or ''}")
    for words, first in (
            (("events", "list", "--state", ""), ["pending", "running", "done", "dead",
                                                 "superseded"]),
            (("events", "list", "--state=d"), ["--state=done", "--state=dead"]),
            (("events", "list", "--state", "=", "d"), ["done", "dead"]),
            (("replay", "0", "--rou"), []), (("replay", "--rou"), ["--route"]),
            (("check", "--config", "/none", "--config"), []), (("diff", ""), [":files"]),
            (("nonsense", ""), []), ((), [*verbs, "--help", "--version"]),
            (("events", "nonsense", ""), []), (("keys", "show", "x", ""), []),
            (("pause", "-c", "/none", ""), []), (("events", "show", "--journal", "/none", ""), []),
            (("import", "--", "-hooks", ""), []), (("check", "-", "=", "=", "--", "-"), []),
            (("explain", "conc"), ["concurrency"]), (("explain", "journal.que"), [
                "journal.queue", "journal.queue.max", "journal.queue.bytes"]),
            (("events", "list", "-c", "/none", "--type", ""), []),
            (("events", *["--json"] * 5000, "--ex"), ["--exact"])):
        found = offered(program, *words)
        result(found == first, f"{' '.join(words)[:60]!r} {'' if found == first else found[:9]}")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
