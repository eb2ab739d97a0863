#!/usr/bin/env python3
"""The webhook program's own test cases, imported with --exact: status, body, arguments, variables
and working directory are the same, or listed below with the reason. peers.py PROGRAM [WORD...]

The cases lie beside the sources (../shared/peers/adnanh, or $PEERS_DIR); without them all is
skipped. A case that waits for keys which this build does not know is skipped too.
"""
import concurrent.futures
import json
import os
import pathlib
import re
import sys

import rows
from served import HERE, Served

SOURCE = HERE.parent.parent
SHARED = pathlib.Path(os.environ.get("PEERS_DIR", SOURCE.parent / "shared" / "peers" / "adnanh"))

# What a build that does not know these keys cannot show yet.
TO_COME = set()

OPEN = "a caller who proves nothing is answered 401, whatever the rules are"
# What is different, and how: the number of the case, the status here, and why.
DIFFERENT = {
    3: (401, "a wrong signature is answered 401, not 500"),
    10: (415, "no route reads multipart/form-data"),
    14: (200, "a variable for a missing value is empty, not absent"),
    16: (200, "the address of a client comes without its port"),
    19: (401, OPEN),
    28: (401, OPEN),
}


def same_run(got, wanted, directory):
    """Whether a command got what `webhook` gave it."""
    cwd = str(directory) if wanted["cwd"] == "CASEDIR" else wanted["cwd"]
    env = [f"{name}={value}" for name, value in got["env"].items() if name.startswith("HOOK_")]
    return (got["argv"], env, got["cwd"]) == (wanted["argv"], wanted["env"], cwd)


def differences(case, served, answer):
    """What is not as `webhook` does it."""
    status, body = answer
    wanted, runs = case["expect"], case["observed_2_8_2"]["runs"]
    if status != wanted["status"]:
        yield f"status {status}, not {wanted['status']}"
    if not re.search(wanted["body"], body):
        yield f"body {body!r}, not {wanted['body']!r}"
    got = served.runs(len(runs))
    if len(got) != len(runs):
        yield f"{len(got)} commands ran, not {len(runs)}"
    for one, other in zip(got, runs):
        if not same_run(one, other, served.directory):
            yield f"ran {one}, not {other}"


def run_case(program, case):
    """(What is wrong or None, why it is skipped or None)."""
    number, request = case["n"], case["request"]
    hook = json.loads(json.dumps(case["hook"]).replace("@HOOKECHO@", "@HELPER@"))
    flags = [flag for flag in case["server_args"] if flag != "-debug"]
    with Served(program, [hook], flags) as served:
        if served.to_come:
            unknown = served.to_come - TO_COME
            return (f"keys that nobody knows: {unknown}" if unknown else None,
                    "to come: " + ", ".join(sorted(served.to_come)))
        served.start()
        answer = served.ask(request["method"], request["path"], request["headers"],
                            request["body"].encode())
        found = list(differences(case, served, answer))
        if number not in DIFFERENT:
            return "; ".join(found) or None, None
        if not found:
            return "is the same now: take it off the list", None
        if answer[0] != DIFFERENT[number][0]:
            return f"status {answer[0]}; " + "; ".join(found), None
        return None, f"different: {DIFFERENT[number][1]}"


class Counts:
    """What came of the cases, or of the rows."""

    def __init__(self, what):
        self.what, self.same, self.different, self.skipped, self.failed = what, 0, 0, 0, 0

    def report(self, name, fault, remark):
        """`remark`: why it is different, or no request."""
        is_different = (remark or "").startswith("different: ")
        self.failed += bool(fault)
        self.different += not fault and is_different
        self.skipped += not fault and bool(remark) and not is_different
        self.same += not fault and not remark
        print(f"{'not ok' if fault else 'ok'} - {name}" + (f" # {fault or remark}"
                                                           if fault or remark else ""))

    def __str__(self):
        total = self.same + self.different + self.skipped + self.failed
        return (f"of {total} {self.what} {self.same} are the same, {self.different} different as "
                f"listed, {self.skipped} no request")


def main():
    if not SHARED.is_dir():
        print("skipped: the cases are not beside the sources")
        return 77
    program, words = str(pathlib.Path(sys.argv[1]).resolve()), sys.argv[2:]
    of_cases, of_rows = Counts("cases"), Counts("rows")
    cases = json.loads((SHARED / "adnanh-cases.json").read_text())["cases"]
    named = {f"case {case['n']}: {case['desc']}": case for case in cases}
    wanted = [name for name in named if all(word in name for word in words)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        results = pool.map(lambda name: run_case(program, named[name]), wanted)
        for name, result in zip(wanted, results):
            of_cases.report(name, *result)
    tables = json.loads((SHARED / "adnanh-unit-cases.json").read_text())["tables"]
    if not words:
        for result in rows.run(program, tables, TO_COME):
            of_rows.report(*result)
    both = (of_cases, of_rows)
    passed = sum(counts.same + counts.different for counts in both)
    failed, skipped = (sum(numbers) for numbers in zip(*((counts.failed, counts.skipped)
                                                         for counts in both)))
    print(f"peers: {passed} passed, {failed} failed, {skipped} skipped; {of_cases}; {of_rows}")
    return 1 if failed else 0 if passed else 77


if __name__ == "__main__":
    sys.exit(main())
