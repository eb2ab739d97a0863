#!/usr/bin/env python3
"""What is printed from the rows: describe.py PROGRAM docs/reference.md [--update]

The committed reference is what the program prints; the schema is JSON, its references lead
somewhere, and it knows the keys of the reference; explain knows them too.
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import textwrap

number = failed = 0


def result(good, name):
    global number, failed
    number += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {number} - {name}")


def run(program, *arguments):
    return subprocess.run([program, *arguments], capture_output=True, text=True, timeout=10)


def walk(schema):
    """All objects in a schema."""
    if isinstance(schema, dict):
        yield schema
        schema = list(schema.values())
    if isinstance(schema, list):
        for part in schema:
            yield from walk(part)


def check_schema(schema, keys):
    result(schema["$schema"] == "https://json-schema.org/draft/2020-12/schema", "dialect")
    references = {part["$ref"] for part in walk(schema) if isinstance(part.get("$ref"), str)}
    lost = [name for name in references if name.removeprefix("#/$defs/") not in schema["$defs"]]
    result(references and not lost, f"references lead somewhere {lost or ''}")
    known = {key for part in walk(schema) if isinstance(part.get("properties"), dict)
             for key in part["properties"]}
    result(keys <= known, f"every key of the reference is a property {sorted(keys - known) or ''}")
    result(set(schema["$defs"]["defaults"]["properties"]) == set(
        schema["$defs"]["route"]["properties"]) - {"name", "path"}, "defaults are route keys")
    result(all(part.get("description") for part in schema["properties"].values()), "descriptions")


def check_examples(program, keys):
    """In the example of a key everything stands in its place."""
    wrong = []
    with tempfile.TemporaryDirectory() as directory:
        path = pathlib.Path(directory, "example.yaml")
        for key in keys:
            shown = run(program, "explain", key).stdout
            for example in re.findall(r"^  example:\n((?:    .*\n)+)", shown, re.MULTILINE):
                example = "version: 1\n" + textwrap.dedent(example)
                path.write_text(example)
                said = run(program, "check", "--without-secrets", "-c", str(path)).stderr
                if re.search(r"unknown key|not a mapping|not YAML|must be a (list|mapping)", said):
                    wrong.append(example + said)
    result(not wrong, f"examples are in their place {wrong[:2] or ''}")


def check_explain(program, keys):
    lost = [key for key in keys if run(program, "explain", key).returncode != 0]
    result(not lost, f"explain knows every key {lost or ''}")
    wrong = run(program, "explain", "max_bdy")
    result(wrong.returncode == 1 and 'did you mean "max_body"' in wrong.stderr, "did you mean")
    result("server.listen.tls.key\n" in run(program, "explain", "tls.key").stdout, "last parts")
    reply = run(program, "explain", "reply").stdout
    result("providers.NAME.reply\n" in reply and "its keys:\n    status " in reply,
           "words of schemes")
    result("providers.NAME.jws.issuer\n" in run(program, "explain", "jws.issuer").stdout,
           "their members")
    result("its keys:\n    token " in run(program, "explain", "auth").stdout, "of handlers")
    result("  what to do: " in run(program, "explain", "backlog_full").stdout, "what to do")
    actions = run(program, "explain", "actions").stdout
    result("its keys with pipe:\n    format " in actions and "Required." not in actions, "of kinds")
    result("Default: 10s." in run(program, "explain", "retry").stdout, "defaults of children")
    check_examples(program, keys)
    result("a value of routes.content" in run(program, "explain", "xml").stderr, "a value")
    result(run(program, "explain").returncode == 2, "explain wants a key")


def main():
    program, page = sys.argv[1], pathlib.Path(sys.argv[2])
    printed = run(program, "reference").stdout
    if "--update" in sys.argv:
        page.write_text(printed)
        return 0
    result(printed == page.read_text(), f"{page.name} is what `reference` prints "
                                        "(ninja -C build reference)")
    parts = re.split(r"^# What .*$", printed, flags=re.MULTILINE)
    parts[0] = parts[0].partition("\n## What an action is given\n")[0]
    keys, events, answers, errors = (set(re.findall(r"^\| `([a-z_]+)` \|", part, re.MULTILINE))
                                     for part in parts)
    result(len(keys) > 50, "keys in the reference")
    check_schema(json.loads(run(program, "schema").stdout), keys)
    check_explain(program, sorted(keys))
    lost = [name for name in sorted(events)
            if "(an event of the log)" not in run(program, "explain", name).stdout]
    lost += [name for name in sorted(errors)
             if "(the error of an answer)" not in run(program, "explain", name).stdout]
    lost += [name for name in sorted(answers)
             if f"{name} (an answer)" not in run(program, "explain", name).stdout]
    result(events and answers and errors and not lost,
           f"explain knows log events, answers and errors {lost or ''}")
    both = run(program, "explain", "journal").stdout
    result("(the error of an answer)" in both and "\njournal\n" in both,
           "a key and an error of one name")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
