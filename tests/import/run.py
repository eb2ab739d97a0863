#!/usr/bin/env python3
"""Golden files of `tenterhook import`: run.py PROGRAM [--update] [NAME...]

cases/NAME.json or .yaml is imported, once as it is and once with --exact, into NAME.natural and
NAME.exact: exit code, the route file, and what standard error says. A first line such as
"# flags: -urlprefix in" (or "// flags: ...") holds what stands behind "--". Each route file is read
again by another YAML parser.
"""
import pathlib
import re
import shlex
import subprocess
import sys
import tempfile

try:
    import yaml
except ImportError:
    yaml = None

HERE = pathlib.Path(__file__).resolve().parent
MODES = {"natural": [], "exact": ["--exact"]}


def flags_of(text):
    first = text.split("\n", 1)[0]
    for mark in ("# flags:", "// flags:"):
        if first.startswith(mark):
            return ["--", *shlex.split(first[len(mark):])]
    return []


def run_case(program, path, mode):
    """(What the golden file holds, what is wrong or None)."""
    text = path.read_text()
    done = subprocess.run([program, "import", path.name, *MODES[mode], *flags_of(text)],
                          cwd=path.parent, capture_output=True, timeout=20, check=False)
    out, err = done.stdout.decode(), done.stderr.decode()
    shown = f"exit {done.returncode}\n{err}---\n{out}"
    if done.returncode not in (0, 1, 3):
        return shown, f"exit {done.returncode}"
    if (done.returncode != 0) != bool(err):
        return shown, "the exit code and standard error do not agree"
    if done.returncode == 3:
        return shown, "a route file of what cannot be read" if out else None
    return shown, fault_of(out)


def fault_of(out):
    """What is wrong with a route file whatever the case."""
    if yaml is None:
        return None
    try:
        read = yaml.safe_load(out)
    except yaml.YAMLError as error:
        return f"not YAML: {error}"
    if set(read) - {"version", "server", "journal", "providers", "routes"}:
        return "a key that no import writes at the top level"
    for route in read["routes"]:
        if not ({"auth", "provider"} & set(route)) or not route["path"].startswith("/"):
            return f"the route {route.get('name')} is not whole"
    return None


def document_fault(program):
    """What is wrong with the example in docs/migrating.md, or None."""
    page = (HERE.parent.parent / "docs" / "migrating.md").read_text()
    before, after = (re.search(rf"^```{kind}\n(.*?)^```", page, re.S | re.M)[1]
                     for kind in ("json", "yaml"))
    with tempfile.TemporaryDirectory() as directory:
        (pathlib.Path(directory) / "hooks.json").write_text(before)
        done = subprocess.run([program, "import", "hooks.json"], cwd=directory, timeout=20,
                              capture_output=True, text=True, check=False)
    made = done.stdout[done.stdout.index("routes:"):].rstrip("\n") + "\n"
    return None if made == after and done.returncode == 0 else "not what import writes:\n" + made


def cases():
    return sorted(path for path in (HERE / "cases").iterdir()
                  if path.suffix in (".json", ".yaml", ".tmpl"))


def main():
    update = "--update" in sys.argv
    program = str(pathlib.Path(sys.argv[1]).resolve())
    wanted = [argument for argument in sys.argv[2:] if not argument.startswith("--")]
    failed = number = 0
    for path in cases():
        if wanted and path.stem not in wanted:
            continue
        for mode in MODES:
            number += 1
            golden = path.parent / f"{path.stem}.{mode}"
            shown, fault = run_case(program, path, mode)
            if update:
                golden.write_text(shown)
            if not golden.exists() or shown != golden.read_text():
                fault = fault or "another route file or other messages"
            failed += bool(fault)
            print(f"{'not ok' if fault else 'ok'} {number} - {path.stem} {mode}" +
                  (f" # {fault}" if fault else ""))
            if fault:
                print("".join(f"# {line}\n" for line in shown.splitlines()), end="")
    if not wanted:
        number += 1
        fault = document_fault(program)
        failed += bool(fault)
        print(f"{'not ok' if fault else 'ok'} {number} - docs/migrating.md" +
              (f" # {fault}" if fault else ""))
    print(f"1..{number}")
    return 1 if failed or not number else 0


if __name__ == "__main__":
    sys.exit(main())
