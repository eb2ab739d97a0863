#!/usr/bin/env python3
"""The rules of the house that a program can hold: run.py [NAME…]. The table of lints is at the end.

Each lint yields problems as text, `path:line: what`. A line that begins with "note:" is listed and
fails nothing.
"""
import fnmatch
import re
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
LAYERS = ["base", "config", "handlers", "server"]
FOLDERS = ["tests", "docs", "scripts", "bench", "packaging", "debian"]
# The rooms of a layer: each may include itself and those before it. What lies at the top of a
# layer, in no room, may be included by all of them; a .c file there may include any.
ROOMS = {
    "handlers": ["schema", "content", "value", "admission", "auth", "provider", "action"],
    "server": ["ipc", "journal", "pipeline", "runner", "http", "admin", "process",
               "import", "options", "terminal", "capture", "service", "cli"],
}
TOP = {
    "handlers": {"request.c", "request.h", "verdict.c", "verdict.h"},
    "server": {"main.c", "registry.c", "event.c", "event.h"},
}
# Files that need each other, and why they may; a header and the .c of its name are one. "*" is any
# name.
CIRCLES = {
    "config/section config/values": "a section holds rows, and a row may hold a section",
}
# Where a call counts as an include does. Elsewhere a header serves files above its .c file and
# below; tests/lint/calls.py looks at the calls alone, of all files.
CALLS_COUNT = ("config/", "handlers/schema/", "handlers/content/", "handlers/value/",
               "handlers/admission/", "handlers/auth/", "server/ipc/", "server/journal/",
               "server/pipeline/", "server/runner/", "server/http/", "server/import/",
               "server/options/", "server/terminal/", "server/capture/", "server/service/",
               "server/cli/")
# Foreign headers, and the files that may include them.
DOORS = {
    "microhttpd.h": r"server/http/\w+\.[ch]",
    "gnutls/": r"server/http/tls\w*\.[ch]|server/cli/https_client\.c"
               r"|base/(crypto|private_key|public_key)\.c",
    "sqlite3.h": r"server/journal/\w+\.[ch]",
    "yaml.h": r"config/tree\.c|server/import/old_tree\.c",
    "json-c/": r"handlers/content/payload\w*\.c|handlers/schema/value\.[ch]",
    "pcre2.h": r"handlers/(provider/scheme_test|value/value_test|schema/\w+)\.[ch]",
    "idn2.h": r"handlers/schema/\w+\.c",
    "zlib.h": r"handlers/content/unfold\.c",
    "zstd": r"handlers/content/unfold\.c",
    "brotli/": r"handlers/content/unfold\.c",
    "expat.h": r"handlers/content/xml\.c",
}
# What the hosted workflow does around .ci/run. The empty ones: a step is either.
HOSTED_COMMANDS = [
    "", ".ci/run", 'git config --global --add safe.directory "$GITHUB_WORKSPACE"',
    "apt-get update -qq && apt-get install -qq -y --no-install-recommends ca-certificates git"]
HOSTED_ACTIONS = ["", "actions/checkout", "actions/upload-artifact"]
FILE_LINES, FUNCTION_LINES, FUNCTION_WANTS_REASON, E2E_LINES = 800, 100, 60, 40
TEST_COLUMNS = 100


def tracked(pattern):
    listed = subprocess.run(["git", "-C", ROOT, "ls-files", "-co", "--exclude-standard"],
                            check=True, capture_output=True, text=True).stdout.splitlines()
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
            yield (f"{name}:1: lies in no room; at the top of {layer}/ lie "
                   f"{', '.join(sorted(TOP[layer]))}")
        if not room and name.endswith(".c"):
            continue
        for number, line in enumerate(read(name).splitlines(), 1):
            match = re.match(r'\s*#\s*include\s+"([^"]+)"', line)
            other_layer, other = room_of(match[1]) if match else ("", "")
            if other_layer != layer or other == room or not other:
                continue
            if not room or other not in order or order.index(other) > order.index(room):
                yield f'{name}:{number}: {layer}/{room or "(top)"} may not include "{match[1]}"'


def without_comments(text):
    return re.sub(r"/\*.*?\*/|\"(?:\\\\.|[^\"\\\\\n])*\"", " ", text, flags=re.S)


def definitions(texts):
    """Which unit defines a function or a table that others may name."""
    defined = {}
    for name, text in texts.items():
        code = without_comments(text)
        for match in re.finditer(r"^(?!static\b|typedef\b|extern\b|#)[a-z][\w "
                                 r"\*]*?(\w+)(?:\([^;{}]*\)\n\{|(?:\[\w*\])* =)", code, re.M):
            defined.setdefault(match[1], set()).add(name[:-2])
    return defined


def file_graph():
    """{unit: {unit that it needs: why}}; a unit is a header with the .c of its name."""
    texts = {name: read(name) for name in tracked(r"(config|handlers|server)/.*\.[ch]")}
    defined = definitions({name: text for name, text in texts.items() if name.endswith(".c")})
    graph = {name[:-2]: {} for name in texts}
    for name, text in texts.items():
        unit = name[:-2]
        for include in re.findall(r'^\s*#\s*include\s+"([^"]+)"', text, re.M):
            if include in texts and include[:-2] != unit:
                graph[unit].setdefault(include[:-2], f"includes {include}")
        if not name.endswith(".c") or not name.startswith(CALLS_COUNT):
            continue
        for word in set(re.findall(r"\w+", without_comments(text))):
            for other in defined.get(word, set()) if unit not in defined.get(word, set()) else ():
                graph[unit].setdefault(other, f"calls {word}")
    return graph


def circles_of(graph):
    """The sets of units that need each other (Tarjan)."""
    index, low, stack, found = {}, {}, [], []

    def visit(unit):
        index[unit] = low[unit] = len(index)
        stack.append(unit)
        for other in graph[unit]:
            if other not in index:
                visit(other)
                low[unit] = min(low[unit], low[other])
            elif other in stack:
                low[unit] = min(low[unit], index[other])
        if low[unit] == index[unit]:
            found.append(set(stack[stack.index(unit):]))
            del stack[stack.index(unit):]

    for unit in graph:
        if unit not in index:
            visit(unit)
    return [circle for circle in found if len(circle) > 1]


def is_known(circle, known):
    return all(any(fnmatch.fnmatch(unit, pattern) for pattern in known.split()) for unit in circle)


def file_circles():
    """No files need each other, but those that are listed with a reason."""
    graph = file_graph()
    found = circles_of(graph)
    for circle in found:
        if not any(is_known(circle, known) for known in CIRCLES):
            yield f"{min(circle)}: in a circle with {', '.join(sorted(circle - {min(circle)}))}"
            for unit in sorted(circle):
                for other in sorted(circle & set(graph[unit])):
                    yield f"    {unit} {graph[unit][other]}"
    for known in CIRCLES:
        if not any(is_known(circle, known) for circle in found):
            yield f"tests/lint/run.py:1: no circle any more, take it off the list: {known}"


def doors():
    """A foreign header is included at its door only."""
    for name in tracked(r"(base|config|handlers|server)/.*\.[ch]"):
        for number, line in enumerate(read(name).splitlines(), 1):
            for header, door in DOORS.items():
                if re.match(rf"\s*#\s*include\s+<{re.escape(header)}",
                            line) and not re.fullmatch(door, name):
                    yield f"{name}:{number}: <{header}…> is for {door}"


def kinds():
    """No file but its own asks which kind of signature or of authentication it has."""
    def rows(table, name):
        listed = re.search(rf"#define {table}\((\w+)\)((?:.*\\\n)*.*)", read(name))
        return re.findall(rf"{listed[1]}\((\w+)\)", listed[2])
    signatures = "|".join(rows("SIGNATURE_KINDS", "handlers/provider/signature_kind.h"))
    authenticators = "|".join(rows("AUTHENTICATORS",
                                   "handlers/auth/authenticator.h") + ["provider"])
    compared = (
        r"(?:{0})\s*[!=<>]=|[!=<>]=\s*(?:\w+(?:->|\.))*(?:{0})(?!\w|->)|\bswitch \([^)]*(?:{0})\)")
    kind = r"\bscheme(?:->|\.)kind\b|\bkind_number\b"
    for name in tracked(r"(handlers|server)/.*\.[ch]"):
        text = read(name)
        # in such a file a `kind` that stands alone is one of signature, and none of a value or a
        # node
        here = kind + (r"|(?<![\w.>])kind\b" if "struct signature_kind *kind" in text else "")
        asks = (rf"{compared.format(here)}|&(?:{signatures})_kind\b|\bSCHEME_[A-Z]|kind->variant"
                r"|cmp\([^;]*kind_names")
        in_table = re.fullmatch(r"handlers/provider/(kind_\w+\.c|signature_kinds?\.[ch])", name)
        for number, line in enumerate(text.splitlines(), 1):
            if not in_table and re.search(asks, line):
                yield f"{name}:{number}: asks which kind of signature it is: {line.strip()}"
            if name != "server/registry.c" and re.search(rf"&(?:{authenticators})_authenticator\b",
                                                         line):
                yield f"{name}:{number}: asks which kind of authentication it is: {line.strip()}"


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


def unbounded():
    """No function that writes as much as it finds: strcpy, stpcpy, strcat, sprintf, gets."""
    for name in tracked(r".*\.[ch]"):
        for number, line in enumerate(read(name).splitlines(), 1):
            match = re.search(r"\b(strcpy|stpcpy|strcat|v?sprintf|gets)\s*\(", line)
            if match:
                yield f"{name}:{number}: {match[1]} does not know how much room there is"


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
    scripts = [name for name in tracked(r"[^.]*|\.ci/.*|.*\.(sh|postrm)")
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
    """An end-to-end script has at most 40 lines, and begins with its promise, in two at most."""
    for name in tracked(r"tests/e2e/\d\d_\w+\.py"):
        text = read(name)
        if not re.match(r'""".+(\n.+)?\."""\n', text):
            yield f"{name}:1: does not begin with the promise tested"
        if text.count("\n") > E2E_LINES:
            yield f"{name}:1: {text.count(chr(10))} lines, at most {E2E_LINES}"


def columns():
    """Lines of tests have at most 100 columns."""
    for name in tracked(r"tests/(?!e2e/payloads/|fuzz/corpus/|interop/).*(\.(py|c|h)|/[\w-]+)"):
        for number, line in enumerate(read(name).splitlines(), 1):
            if len(line) > TEST_COLUMNS:
                yield f"{name}:{number}: {len(line)} columns, at most {TEST_COLUMNS}"


def attack_cases():
    """Each attack case that a test names is explained in tests/e2e/README.md, and no other."""
    explained = set(re.findall(r"^\| (A\d{3}) \|", read("tests/e2e/README.md"), re.M))
    named = {}
    for name in tracked(r"tests/(e2e/\w+\.py|unit/\w+\.[ch])"):
        for number, line in enumerate(read(name).splitlines(), 1):
            for case in re.findall(r"\bA\d{3}\b", line):
                named.setdefault(case, f"{name}:{number}")
    for case in sorted(set(named) - explained):
        yield f"{named[case]}: {case} is not in tests/e2e/README.md"
    for case in sorted(explained - set(named)):
        yield f"tests/e2e/README.md:1: no test names {case}"


def hosted_ci():
    """.github/workflows/ci.yml does what .ci/run does, and nothing of its own."""
    name = ".github/workflows/ci.yml"
    try:
        import yaml  # pylint: disable=import-outside-toplevel
    except ImportError:
        yield "note: python3-yaml is not installed: skipped"
        return
    try:
        flow = yaml.safe_load(read(name))
        jobs = list(flow["jobs"].values())
        steps = [step for job in jobs for step in job["steps"]]
        holds = {
            "there is one job": len(jobs) == 1,
            "it runs in Debian 12": [job["container"]["image"] for job in jobs] == ["debian:12"],
            # PyYAML reads the key `on` as true
            "it runs for main and for what is proposed":
                flow[True] == {"push": {"branches": ["main"]}, "pull_request": None},
            "it may read, not write": flow["permissions"] == {"contents": "read"},
            "it runs .ci/run once": [step.get("run") for step in steps].count(".ci/run") == 1,
            "no failure is passed over": "continue-on-error" not in read(name),
        }
    except (yaml.YAMLError, KeyError, TypeError, AttributeError) as error:
        yield f"{name}:1: is not a workflow: {error!r}"
        return
    yield from (f"{name}:1: does not hold: {what}" for what, good in holds.items() if not good)
    for step in steps:
        command, action = step.get("run", ""), step.get("uses", "").split("@")[0]
        if command not in HOSTED_COMMANDS or action not in HOSTED_ACTIONS:
            yield f"{name}:1: {command or action!r} belongs in .ci/run or in tests/lint/run.py"


def release():
    """The version in meson.build is the newest of CHANGELOG.md and of debian/changelog."""
    version = re.search(r"version: '([\d.]+)'", read("meson.build"))[1]
    headings = re.findall(r"^## (.+)$", read("CHANGELOG.md"), re.M)
    if headings[0] != "Unreleased":
        yield "CHANGELOG.md:1: does not begin with what is not released yet"
    if len(headings) < 2 or not re.fullmatch(rf"{version}, \d{{4}}-\d\d-\d\d", headings[1]):
        yield f"CHANGELOG.md:1: does not go on with {version} and its date, as meson.build has it"
    if not read("debian/changelog").startswith(f"tenterhook ({version}) "):
        yield f"debian/changelog:1: does not begin with {version}, as meson.build has it"


def strangers():
    """Nothing tracked names a path of one machine, a registry's host or a key."""
    # put together here, so that this file does not find itself
    patterns = {"a path of one machine": r"/(?:home|Users)/\w+/|/" + r"work/\w+|/root/\.",
                "a registry's host": r"registry\." + r"npmjs|registry\." + r"yarnpkg|files\."
                + r"pythonhosted" + r"|deb\." + r"debian\.org",
                "a private key": "-----BEGIN " + r"(?:EC |RSA )?PRIVATE KEY",}
    for name in tracked(r".*"):
        if (ROOT / name).stat().st_size > 1 << 20:
            yield f"{name}:1: over 1 MiB"
            continue
        for number, line in enumerate(read(name).splitlines(), 1):
            for what, pattern in patterns.items():
                if re.search(pattern, line) and not (what == "a private key"
                                                     and name.startswith("tests/")):
                    yield f"{name}:{number}: {what}"


def whitespace():
    """No tabs, no blanks at the end of lines, a newline at the end of files."""
    for name in tracked(
            r"(?!tests/(config|fuzz|providers)/).*\.(c|h|py|md|yaml|build)|scripts/.*|\.ci/.*"):
        text = read(name)
        for number, line in enumerate(text.split("\n"), 1):
            if line != line.rstrip():
                yield f"{name}:{number}: blanks at the end of the line"
            if "\t" in line and name.endswith((".c", ".h", ".py")):
                yield f"{name}:{number}: a tab"
        if text and not text.endswith("\n"):
            yield f"{name}: no newline at the end"


def log_fields(name):
    """(all, those that a line always has) of the row's text: "id route/path [reason]"."""
    words = name.split()
    return ({part for word in words for part in word.strip("[]").split("/")},
            [set(word.split("/")) for word in words if not word.startswith("[")])


def log_events():
    """Each line of the log has the fields of its row, and each row has a line."""
    table = "server/ipc/log_events.c"
    rows = {event: log_fields(fields) for event, fields in re.findall(
        r'\[(LOG_\w+)\]\s*=\s*\{\s*"\w+",\s*LOG_\w+,\s*LOG_\w+,\s*"([^"]*)"', read(table))}
    used = set()
    for name in tracked(r"server/.*\.c"):
        text = read(name) if name != table else ""
        used |= set(re.findall(r"\bLOG_\w+", text))
        for call in re.finditer(r"\blog_write(?:_at)?\(([^;]*)\);", text):
            line = text[:call.start()].count("\n") + 1
            # without its fields: the level or a condition before them may name other constants
            events = [event for event in re.findall(r"\bLOG_\w+", call[1].split("log_")[0])
                      if event in rows]
            given = set(re.findall(r'\blog_(?:text|bytes|number)\(\s*"(\w+)"', call[1]))
            choice = re.search(r'log_\w+\(\w+\s*\?\s*"(\w+)"\s*:\s*"(\w+)"', call[1])
            given |= set(choice.groups()) if choice else set()
            if not events:
                yield f"{name}:{line}: logs no event of {table}"
            for event in events:
                known, always = rows[event]
                if given - known:
                    yield f"{name}:{line}: {event} has no field {', '.join(sorted(given - known))}"
                for one in always:
                    if not one & given:
                        yield f"{name}:{line}: {event} wants {'/'.join(sorted(one))}"
    for event in sorted(set(rows) - used):
        yield f"{table}: {event} is never logged"


def control_messages():
    """docs/architecture.md has a row for each message between the supervisor and its children."""
    sent = set(re.findall(r"^ +CONTROL_(\w+)(?: = 1)?,", read("server/ipc/control.h"),
                          re.MULTILINE))
    section = read("docs/architecture.md").split("## What the supervisor and its children say")[
        1].split("\n## ")[0]
    rows = re.findall(r"^\| ([A-Z_, ]+) \| ([a-z, ]+) \|", section, re.MULTILINE)
    told = {message for row, _ in rows for message in row.split(", ")}
    for message in sorted(sent ^ told):
        yield f"docs/architecture.md: {message} is {'missing' if message in sent else 'no message'}"


def tour():
    """Each file that a document names exists, and so does each `file.c: function()` in it."""
    for name in tracked(r"(docs/.*|[A-Z]+)\.md"):
        for number, line in enumerate(read(name).splitlines(), 1):
            for path, function in re.findall(r"`([\w/]+/[\w*/.]+?)(?:: (\w+)\(\))?`", line):
                if path.split("/")[0] not in [*LAYERS, *FOLDERS]:
                    continue
                found = list(ROOT.glob(path))
                if not found:
                    yield f"{name}:{number}: there is no {path}"
                elif function and not re.search(rf"^[a-z_].*\b{function}\(", read(path), re.M):
                    yield f"{name}:{number}: {path} has no {function}()"


def stages():
    """docs/architecture.md lists the stages of the pipeline, in their order."""
    tour_text = " ".join(read("docs/architecture.md").split())
    for table, rows in re.findall(r"#define ((?:HEAD|BODY|EVENT)_STAGES)\(STAGE\)((?:.*\\\n)+.*\n)",
                                  read("server/pipeline/pipeline.c")):
        names = ", ".join(re.findall(r'STAGE\("([^"]+)"', rows))
        if f"{names}." not in tour_text:
            yield f"docs/architecture.md:1: {table} is not listed as: {names}."


LINTS = [stages, layers, rooms, file_circles, doors, kinds, unbounded, function_length,
         file_length, check_tests, comments, log_events, control_messages, shellcheck, layout,
         end_to_end, columns, attack_cases, hosted_ci, release, strangers, whitespace,
         tour]


def main():
    if not (ROOT / ".git").exists():
        print("lint: skipped: no clone, and git says which files are ours")
        return 77
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
