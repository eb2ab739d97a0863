#!/usr/bin/env python3
"""Runs the official JSON Schema test suite through the Bowtie program: run.py BOWTIE EXPECTED.

Suites: $SCHEMA_SUITE_DIR (or ../shared/schema-suite beside the sources), the copy in Debian's
libtest-json-schema-acceptance-perl, and our own of faults that were found later (own/). Required
tests must not fail at all; of the optional ones those fail that EXPECTED lists, and no others: the
list is checked both ways.
"""
import json
import os
import pathlib
import subprocess
import sys

DRAFTS = {
    "draft2020-12": "https://json-schema.org/draft/2020-12/schema",
    "draft2019-09": "https://json-schema.org/draft/2019-09/schema",
    "draft7": "http://json-schema.org/draft-07/schema#",
    "draft6": "http://json-schema.org/draft-06/schema#",
    "draft4": "http://json-schema.org/draft-04/schema#",
}
DEBIAN = "/usr/share/perl5/auto/share/dist/Test-JSON-Schema-Acceptance"
SOURCE = pathlib.Path(__file__).resolve().parent.parent.parent


class Bowtie:
    def __init__(self, program, dialect, formats):
        arguments = [program] + (["--formats", "assert"] if formats else [])
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.ask({"cmd": "start", "version": 1})
        assert self.ask({"cmd": "dialect", "dialect": dialect})["ok"]
        self.sequence = 0

    def ask(self, command):
        self.process.stdin.write(command if isinstance(command, bytes)
                                 else json.dumps(command).encode() + b"\n")
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise SystemExit("the program died at %r" % (command,))
        return json.loads(line)

    def run(self, group, registry):
        self.sequence += 1
        tests = [{"description": t["description"], "instance": t["data"]} for t in group["tests"]]
        case = {"description": group["description"], "schema": group["schema"],
                "registry": registry, "tests": tests}
        answer = self.ask({"cmd": "run", "seq": self.sequence, "case": case})
        if answer.get("errored"):
            return [(None, answer["context"]["message"])] * len(tests)
        return [(r.get("valid"), "") for r in answer["results"]]

    def stop(self):
        self.process.stdin.write(b'{"cmd":"stop"}\n')
        self.process.stdin.close()
        self.process.wait()


def load(path):
    with open(path, encoding="utf-8") as file:
        return json.load(file)


def remotes(suite):
    root = suite / "remotes"
    return {"http://localhost:1234/" + str(p.relative_to(root)): load(p)
            for p in sorted(root.rglob("*.json"))}


def kind_of(path):
    parts = path.parts
    return "format" if "format" in parts else "optional" if "optional" in parts else "required"


def files_of(directory):
    for path in sorted(directory.rglob("*.json")):
        yield path, kind_of(path.relative_to(directory))


def run_draft(program, suite, draft, registry, failures, counts):
    directory = suite / "tests" / draft
    programs = {formats: Bowtie(program, DRAFTS[draft], formats) for formats in (False, True)}
    for path, kind in files_of(directory):
        name = "%s/%s" % (draft, path.relative_to(directory))
        for group in load(path):
            for test, (valid, why) in zip(group["tests"],
                                          programs[kind == "format"].run(group, registry)):
                counts.setdefault((draft, kind), [0, 0])[0] += 1
                if valid != test["valid"]:
                    counts[draft, kind][1] += 1
                    failures.append((kind, "%s: %s: %s" % (name, group["description"],
                                                            test["description"]), why))
    for bowtie in programs.values():
        bowtie.stop()


def run_suite(program, suite, expected):
    failures, counts = [], {}
    registry = remotes(suite)
    for draft in DRAFTS:
        run_draft(program, suite, draft, registry, failures, counts)
    for (draft, kind), (run, failed) in counts.items():
        print("%-12s %-9s %5d run %4d failed" % (draft, kind, run, failed))
    failed = {name for _, name, _ in failures}
    bad = 0
    for kind, name, why in failures:
        if kind == "required" or name not in expected:
            print("FAILED (%s) %s %s" % (kind, name, why))
            bad += 1
    for name in sorted(set(expected) - failed):
        print("PASSED, but is listed as a failure: %s" % name)
        bad += 1
    return bad


def main():
    program, expected = sys.argv[1], load(sys.argv[2])
    newer = pathlib.Path(os.environ.get("SCHEMA_SUITE_DIR", SOURCE.parent / "shared/schema-suite"))
    suites = {"debian": pathlib.Path(DEBIAN), "newer": newer, "own": SOURCE / "tests/schema/own"}
    bad = found = 0
    for name, suite in suites.items():
        if not (suite / "tests").is_dir():
            print("skipped: the %s suite is not here" % name)
            continue
        print("suite: %s" % name)
        bad += run_suite(program, suite, expected.get(name, {}))
        found += name != "own"
    return 1 if bad else 0 if found else 77


sys.exit(main())
