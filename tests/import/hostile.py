#!/usr/bin/env python3
"""Hooks files that are made to cost time or memory are refused, or imported, within seconds and a
few hundred MiB: hostile.py PROGRAM."""
import json
import pathlib
import resource
import subprocess
import sys
import tempfile

HOOK = {"id": "a", "execute-command": "/bin/true"}
VALUE = {"type": "value", "value": "1", "parameter": {"source": "payload", "name": "a"}}


def nested(rule, kind, depth):
    for _ in range(depth):
        rule = {kind: rule if kind == "not" else [rule] * 3}
    return rule


def texts():
    """(name, text, exit code)"""
    yield "brackets", "[" * 4000000, 3
    yield "dashes", "- " * 2000000, 3
    yield "lines", "[\n" * 2000000, 3
    yield "quotes", '["' + "a" * 4000000, 3
    yield "keys", "[{" + ",".join(f'"k{i}": 1' for i in range(250000)) + "}]", 3
    yield "values", "[" + "1," * 1000000 + "]", 3
    laughs = "- &a0 [x]\n"
    laughs += "".join(f"- &a{i} [{', '.join([f'*a{i - 1}'] * 9)}]\n" for i in range(1, 50))
    yield "aliases", laughs, 3
    yield "itself", "- &a [*a]\n", 3
    yield "merges", "- &a {" + ", ".join(f"k{i}: 1" for i in range(250)) + "}\n" + \
        "- {<<: [" + ", ".join(["*a"] * 5000) + "]}\n" * 20, 3
    yield "templates", "{{ getenv" * 400000, 3
    yield "comments", "[" + "/*" * 2000000, 3
    yield "large", " " * (4 << 20) + "[]", 3
    yield "hooks", json.dumps([{**HOOK, "id": str(i)} for i in range(10000)]), 0
    yield "more hooks", json.dumps([{**HOOK, "id": str(i)} for i in range(10001)]), 3
    yield "same names", json.dumps([{**HOOK, "id": "é" * 20 + str(i)} for i in range(5000)]), 0
    yield "wide rule", json.dumps([{**HOOK, "trigger-rule": {"or": [{"match": VALUE}] * 20000}}]), 3
    for kind in ("and", "or", "not"):
        rule = nested({"match": VALUE}, kind, 7 if kind != "not" else 15)
        yield f"deep {kind}", json.dumps([{**HOOK, "trigger-rule": {"not": rule}}]), None
    mixed = nested(nested(nested({"match": VALUE}, "and", 3), "not", 1), "and", 3)
    yield "mixed", json.dumps([{**HOOK, "trigger-rule": {"not": mixed}}]), None
    proof = {"match": {"type": "payload-hmac-sha1", "secret": "s" * 20,
                       "parameter": {"source": "header", "name": "x"}}}
    yield "proofs", json.dumps([{**HOOK, "trigger-rule": {"or": [proof] * 10000}}]), None
    yield "arguments", json.dumps([{**HOOK, "pass-arguments-to-command": [
        {"source": "payload", "name": "a." * 500}] * 200}]), 1
    yield "environment", json.dumps([{**HOOK, "id": str(i), "pass-environment-to-command": [
        {"source": "payload", "name": f"v{j}"} for j in range(200)]} for i in range(300)]), None


def limits():
    resource.setrlimit(resource.RLIMIT_CPU, (20, 20))


def main():
    program = str(pathlib.Path(sys.argv[1]).resolve())
    failed = number = 0
    with tempfile.TemporaryDirectory() as directory:
        file = pathlib.Path(directory) / "hooks.json"
        for number, (name, text, code) in enumerate(texts(), 1):
            file.write_text(text)
            options = ["--template"] if name == "templates" else []
            done = subprocess.run([program, "import", file, *options], capture_output=True,
                                  preexec_fn=limits, timeout=60, check=False)
            fine = done.returncode == code or (code is None and done.returncode in (0, 1, 3))
            failed += not fine
            print(f"{'ok' if fine else 'not ok'} {number} - {name}: exit {done.returncode}, "
                  f"{done.stderr[:100].decode(errors='replace')!r}")
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    fine = used.ru_maxrss < 600 * 1024
    print(f"{'ok' if fine else 'not ok'} {number + 1} - at most {used.ru_maxrss >> 10} MiB, "
          f"{used.ru_utime:.1f} s in all\n1..{number + 1}")
    return 1 if failed or not fine else 0


if __name__ == "__main__":
    sys.exit(main())
