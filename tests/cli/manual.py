#!/usr/bin/env python3
"""The manual pages: manual.py PROGRAM PAGE…

The pages that are installed are those of all verbs, of the program and of the route file; every
option and every key is explained on its page; a page leads to pages that are there; and mandoc and
groff find nothing wrong with them.
"""
import os
import re
import shutil
import subprocess
import sys

number = failed = 0


def result(good, name, directive=""):
    global number, failed
    number += 1
    failed += not good
    print(f"{'ok' if good else 'not ok'} {number} - {name}{directive}")


def run(*command):
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def plain(text):
    """Without the marks that keep words from being macros, and with hyphens as they are typed."""
    return text.replace("\\&", "").replace("\\e", "\\").replace("\\(dq", '"')


def check_verb(program, verb, page):
    whole = run(program, verb, "--help").stdout
    missing = []
    for option in re.findall(r"^  (?:-\w, )?--([a-z-]+)", whole, re.M):
        if not re.search(rf"^\.It (?:Fl \w , )?Fl -{option}\b[^\n]*\n[A-Z].*", page, re.M):
            missing.append("--" + option)
    for operand in re.findall(r"^  ([A-Z]+)…? {2}", whole, re.M):
        if not re.search(rf"^\.It (?:Fl - )?Ar {operand}\b", page, re.M):
            missing.append(operand)
    usage = whole.partition("\n\n")[0].replace("usage:", "")
    forms = len(re.findall(r"^ +tenterhook ", usage, re.M))
    synopsis = page.partition(".Sh DESCRIPTION")[0]
    result(not missing and synopsis.count(".Nm tenterhook\n") == forms and
           set(re.findall(r"--([a-z-]+)", usage)) <= set(re.findall(r"Fl -([a-z-]+)", synopsis)) |
           {"config"}, f"{verb}: options and forms {missing or ''}")


def check_keys(program, page):
    printed = run(program, "reference").stdout.partition("\n## What an action is given\n")[0]
    groups = re.split(r"^## ", printed.partition("## The top level")[2], flags=re.M)
    wanted, sections = 0, re.split(r"^\.Ss ", plain(page), flags=re.M)[1:]
    for group, section in zip(groups, sections):
        keys = re.findall(r"^\| `([a-z_]+)` \|", group, re.M)
        wanted += len(keys)
        if keys != re.findall(r"^\.It Cm ([a-z_]+)$", section.partition(".Sh FILES")[0], re.M):
            result(False, f"keys of {section.splitlines()[0]}")
    result(wanted > 250 and len(groups) == len(sections), f"{wanted} keys in {len(groups)} groups")


def check_tools(paths):
    if shutil.which("mandoc"):
        said = run("mandoc", "-T", "lint", *paths).stdout
        # whether a page is there is looked at below, in what is built
        said = [line for line in said.splitlines() if "referenced manual not found" not in line]
        result(not said, f"mandoc -T lint {said[:5] or ''}")
    else:
        result(True, "mandoc -T lint", " # SKIP there is no mandoc")
    if shutil.which("groff"):
        said = "".join(run("groff", "-mdoc", "-ww", "-z", "-Tutf8", path).stderr for path in paths)
        result(not said, f"groff -ww {said[:300]}")


def main():
    program, paths = sys.argv[1], sys.argv[2:]
    pages = {}
    for path in paths:
        with open(path, encoding="utf-8") as file:
            pages[os.path.basename(path)] = file.read()
    verbs = re.findall(r"^  (\w+) +\w", run(program, "--help").stdout, re.M)
    result(set(pages) == {f"tenterhook-{verb}.1" for verb in verbs} |
           {"tenterhook.1", "tenterhook.yaml.5"}, f"a page for each of {len(verbs)} verbs")
    result(all(f".It Cm {verb}\n" in pages["tenterhook.1"] for verb in verbs), "a list of verbs")
    for verb in verbs:
        check_verb(program, verb, plain(pages[f"tenterhook-{verb}.1"]))
    check_keys(program, pages["tenterhook.yaml.5"])
    lost = [(name, f"{title}.{section}") for name, page in pages.items()
            for title, section in re.findall(r"^\.Xr (\S+) (\d)", page, re.M)
            if f"{title}.{section}" not in pages]
    result(not lost, f"pages lead to pages {lost or ''}")
    about = {name: page.partition(".Sh NAME\n")[2].partition("\n.Sh ")[0].split("\n")
             for name, page in pages.items()}
    cut = [name for name, lines in about.items()
           if not (len(lines) == 2 and re.fullmatch(r"\.Nd [a-z][^`\"\\]+", lines[1]))]
    result(not cut, f"what man -k shows is whole {cut or ''}")
    files = re.findall(r"^\.It Pa (\S+)", pages["tenterhook.1"], re.M)
    result({"/etc/tenterhook/tenterhook.yaml", "/etc/tenterhook/environment", "/var/lib/tenterhook",
            "/run/tenterhook/control.sock"} == set(files), f"FILES {files}")
    result(all(page.isascii() and "`" not in page for page in pages.values()), "ASCII alone")
    check_tools(paths)
    unknown = run(program, "manual", "chekc")
    result(unknown.returncode == 2 and '"check"' in unknown.stderr, "no such page")
    print(f"1..{number}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
