#!/usr/bin/env python3
"""The rules of the house that a program can hold: run.py [NAME…]. The table of lints is at the end.

Each lint yields problems as text, `path:line: what`. A line that begins with "note:" is listed and
fails nothing.
"""
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LAYERS = ["base", "config", "handlers", "server"]
# The rooms of a layer: each may include itself and those before it. What lies at the top of a layer, in
# no room, may be included by all of them; a .c file there may include any.
ROOMS = {
    "handlers": ["schema", "content", "value", "admission", "auth", "provider", "action"],
    "server": ["ipc", "journal", "pipeline", "runner", "http", "admin", "process", "cli"],
}
TOP = {
    "handlers": {"request.c", "request.h", "verdict.c", "verdict.h"},
    "server": {"main.c", "registry.c", "event.c", "event.h"},
}
# Foreign headers, and the files that may include them.
DOORS = {
    "microhttpd.h": r"server/http/\w+\.[ch]",
    "gnutls/": r"server/http/tls\w*\.[ch]|server/cli/https_client\.c|base/(crypto|private_key|public_key)\.c",
    "sqlite3.h": r"server/journal/\w+\.[ch]",
    "yaml.h": r"config/tree\.c",
    "json-c/": r"handlers/content/payload\w*\.c|handlers/schema/value\.[ch]",
    "pcre2.h": r"handlers/(provider/(scheme|signature)|schema/\w+)\.[ch]",
    "seccomp.h": r"server/sandbox\w*\.c",
    "idn2.h": r"handlers/schema/\w+\.c",
}
FILE_LINES, FUNCTION_LINES, FUNCTION_WANTS_REASON, E2E_LINES = 800, 100, 60, 40


def tracked(pattern):
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"], check=True,
                            capture_output=True, text=True).stdout.splitlines()
    return [name for name in listed if re.fullmatch(pattern, name) and (ROOT / name).is_file()]


def read(name):
    return (ROOT / name).read_text(encoding="utf-8", errors="replace")


def layers():
    """Nothing includes upwards, and quoted includes name their layer."""
    for name in tracked(r"(base|config|handlers|server)/.*\.[ch]"):
        own = LAYERS.index(name.split("/")[0])
        for number, line in enumerate(read(name).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            if not match or "/" not in match[1]:
                continue
            layer = match[1].split("/")[0]
            if layer not in LAYERS or LAYERS.index(layer) > own:
                yield f'{name}:{number}: {LAYERS[own]} may not include "{match[1]}"'


def room_of(name):
    """(layer, room) of a file or an include; the room is "" at the top of the layer."""
    parts = name.split("/")
    return parts[0], parts[1] if len(parts) > 2 else ""


def rooms():
    """A room includes itself and the rooms before it, and nothing lies outside the rooms."""
    for name in tracked(r"(handlers|server)/.*\.[ch]"):
        layer, room = room_of(name)
        order = ROOMS[layer]
        if room and room not in order:
            yield f"{name}:1: there is no room \"{room}\" in {layer}/"
            continue
        if not room and Path(name).name not in TOP[layer]:
            yield f"{name}:1: lies in no room; at the top of {layer}/ lie {', '.join(sorted(TOP[layer]))}"
        if not room and name.endswith(".c"):
            continue
        for number, line in enumerate(read(name).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            other_layer, other = room_of(match[1]) if match else ("", "")
            if other_layer != layer or other == room or not other:
                continue
            if not room or other not in order or order.index(other) > order.index(room):
                yield f'{name}:{number}: {layer}/{room or "(top)"} may not include "{match[1]}"'


def doors():
    """A foreign header is included at its door only."""
    for name in tracked(r"(base|config|handlers|server)/.*\.[ch]"):
        for number, line in enumerate(read(name).splitlines(), 1):
            for header, door in DOORS.items():
                if re.match(rf"\s*#\s*include\s+<{re.escape(header)}", line) and not re.fullmatch(door, name):
                    yield f"{name}:{number}: <{header}…> is for {door}"


def functions(text):
    """(first line, last line, name): from a "{" alone in the first column to the "}" there."""
    lines = text.splitlines()
    begin = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            begin = number
        elif line == "}" and begin:
            head = " ".join(lines[max(0, begin - 6):begin - 1])
            names = re.findall(r"(\w+)\s*\((?!\()", head)
            yield begin, number, names[-1] if names else "?"
            begin = None


def function_length():
    """No function above 100 lines; above 60 it says why ("long:" in the comment before it)."""
    for name in tracked(r"(?!tests/).*\.c"):
        text = read(name)
        lines = text.splitlines()
        for begin, end, function in functions(text):
            length = end - begin + 1
            reason = any("long:" in line for line in lines[max(0, begin - 12):begin])
            if length > FUNCTION_LINES:
                yield f"{name}:{begin}: {function} has {length} lines, at most {FUNCTION_LINES}"
            elif length > FUNCTION_WANTS_REASON and not reason:
                yield f"note: {name}:{begin}: {function} has {length} lines"


def file_length():
    """No file of source above 800 lines."""
    for name in tracked(r".*\.(c|h|py)|scripts/.*|bench/run"):
        count = read(name).count("\n")
        if count > FILE_LINES:
            yield f"{name}:1: {count} lines, at most {FILE_LINES}"


def check_tests():
    """Every case written with Check is in a test case that runs."""
    for name in tracked(r"tests/unit/.*\.c"):
        text = read(name)
        for number, line in enumerate(text.splitlines(), 1):
            match = re.match(r"START_TEST\((\w+)\)", line)
            if match and len(re.findall(rf"\b{match[1]}\b", text)) < 2:
                yield f"{name}:{number}: {match[1]} is never run"
    listed = read("tests/unit/meson.build")
    for name in tracked(r"tests/unit/test_\w+\.c"):
        if f"'{Path(name).stem[5:]}'" not in listed and Path(name).name not in listed:
            yield f"{name}:1: is not in tests/unit/meson.build"


def comments():
    """A .c file opens with a paragraph of design, a header with a sentence."""
    for name in tracked(r"(base|config|handlers|server|bench)/.*\.[ch]"):
        if not read(name).startswith("/*"):
            yield f"{name}:1: opens without a comment"


def shellcheck():
    """Shell scripts pass shellcheck."""
    if not shutil.which("shellcheck"):
        yield "note: shellcheck is not installed: skipped"
        return
    scripts = [name for name in tracked(r"[^.]*|\.ci/.*|.*\.sh")
               if read(name).startswith(("#!/bin/sh", "#!/bin/bash"))]
    found = subprocess.run(["shellcheck", "-f", "gcc", *scripts], cwd=ROOT, capture_output=True,
                           text=True, check=False)
    yield from found.stdout.splitlines()


def layout():
    """C is laid out as clang-format 14 (Debian 12's) has it."""
    if not shutil.which("clang-format"):
        yield "note: clang-format is not installed: skipped"
        return
    found = subprocess.run(["clang-format", "--dry-run", *tracked(r".*\.[ch]")], cwd=ROOT,
                           capture_output=True, text=True, check=False)
    yield from (line for line in found.stderr.splitlines() if ": warning: " in line)


def end_to_end():
    """An end-to-end script has at most 40 lines, and the first says the promise."""
    for name in tracked(r"tests/e2e/\d\d_\w+\.py"):
        lines = read(name).splitlines()
        if not re.fullmatch(r'""".+\."""', lines[0]):
            yield f"{name}:1: the first line does not say the promise tested"
        if len(lines) > E2E_LINES:
            yield f"{name}:1: {len(lines)} lines, at most {E2E_LINES}"
        for number, line in enumerate(lines, 1):
            if len(line) > 140:
                yield f"{name}:{number}: {len(line)} columns"


def strangers():
    """Nothing tracked names a path of one machine, a registry's host or a key."""
    # put together here, so that this file does not find itself
    patterns = {
        "a path of one machine": r"/(?:home|Users)/\w+/|/" + r"work/\w+|/root/\.",
        "a registry's host": r"registry\." + r"npmjs|registry\." + r"yarnpkg|files\." + r"pythonhosted"
                             + r"|deb\." + r"debian\.org",
        "a private key": "-----BEGIN " + r"(?:EC |RSA )?PRIVATE KEY",
    }
    for name in tracked(r".*"):
        if (ROOT / name).stat().st_size > 1 << 20:
            yield f"{name}:1: over 1 MiB"
            continue
        for number, line in enumerate(read(name).splitlines(), 1):
            for what, pattern in patterns.items():
                if re.search(pattern, line) and not (what == "a private key" and name.startswith("tests/")):
                    yield f"{name}:{number}: {what}"


def whitespace():
    """No tabs, no blanks at the end of lines, a newline at the end of files."""
    for name in tracked(r"(?!tests/(config|fuzz|providers)/).*\.(c|h|py|md|yaml|build)|scripts/.*|\.ci/.*"):
        text = read(name)
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                yield f"{name}:{number}: blanks at the end of the line"
            if "\t" in line and name.endswith((".c", ".h", ".py")):
                yield f"{name}:{number}: a tab"
        if text and not text.endswith("\n"):
            yield f"{name}: no newline at the end"


def tour():
    """Each file that a document names exists, and so does each `file.c: function()` in it."""
    for name in tracked(r"(docs/.*|[A-Z]+)\.md"):
        for number, line in enumerate(read(name).splitlines(), 1):
            for path, function in re.findall(r"`([\w/]+/[\w*/.]+?)(?:: (\w+)\(\))?`", line):
                if not re.match(rf"({'|'.join(LAYERS)}|tests|docs|scripts|bench)/", path):
                    continue
                found = list(ROOT.glob(path))
                if not found:
                    yield f"{name}:{number}: there is no {path}"
                elif function and not re.search(rf"^[a-z_].*\b{function}\(", found[0].read_text(), re.M):
                    yield f"{name}:{number}: {path} has no {function}()"


LINTS = [layers, rooms, doors, function_length, file_length, check_tests, comments, shellcheck, layout,
         end_to_end, strangers, whitespace, tour]


def main():
    wanted = [lint for lint in LINTS if not sys.argv[1:] or lint.__name__ in sys.argv[1:]]
    failed = 0
    for lint in wanted:
        said = list(lint())
        problems = [line for line in said if not line.startswith("note:")]
        failed += bool(problems)
        print(f"{'not ok' if problems else 'ok'} - {lint.__name__}: {lint.__doc__}")
        for line in said:
            print("   ", line)
    print(f"lint: {len(wanted) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
