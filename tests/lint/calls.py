#!/usr/bin/env python3
"""No files call each other in a circle: calls.py BUILD.

Which file needs which is read from the built objects: the symbols that one uses and another
defines, functions and tables alike. So nothing hides behind a header that all of a room include,
nor behind a macro. Calls through a pointer do not count: who hands the pointer over, does.

Of server/http/ also the order holds in which its private header lists the files.
"""
import json
import re
import subprocess
import sys
from pathlib import Path

from run import LAYERS, ROOT, circles_of, is_known, read

# Files that call each other, and why they may.
CIRCLES = {
    "config/section.c config/values.c": "a section holds rows, and a row may hold a section",
}


def objects(build):
    """{object: its source}, each source once: tests build some of them again."""
    found = {}
    for entry in json.loads((build / "compile_commands.json").read_text(encoding="utf-8")):
        source = (Path(entry["directory"]) / entry["file"]).resolve()
        name = str(source.relative_to(ROOT)) if source.is_relative_to(ROOT) else ""
        if name.split("/")[0] in LAYERS and not entry["output"].startswith(("tests/", "bench/")):
            found[entry["output"]] = name
    return found


def call_graph(build):
    """{file: {file that it needs: a name that it takes from there}}"""
    sources = objects(build)
    listed = subprocess.run(["nm", "-A", "-g", "-P", *sources], cwd=build, check=True,
                            capture_output=True, text=True).stdout
    defined, used = {}, []
    for line in listed.splitlines():
        place, symbol, kind = re.match(r"(.*): (\S+) (\w)", line).groups()
        if kind == "U":
            used.append((sources[place], symbol))
        elif kind.isupper():
            defined[symbol] = sources[place]
    graph = {source: {} for source in sources.values()}
    for source, symbol in used:
        if defined.get(symbol, source) != source:
            graph[source].setdefault(defined[symbol], symbol)
    return graph


def circles(graph):
    found = circles_of(graph)
    for circle in found:
        if not any(is_known(circle, known) for known in CIRCLES):
            yield f"{len(circle)} files call each other in a circle:"
            for source in sorted(circle):
                for other in sorted(circle & set(graph[source])):
                    yield f"    {source} takes {graph[source][other]} of {other}"
    for known in CIRCLES:
        if not any(is_known(circle, known) for circle in found):
            yield f"tests/lint/calls.py: no circle any more, take it off the list: {known}"


def order(graph, header):
    """The private header of a room lists the files, and each calls only those above it."""
    folder = header.rpartition("/")[0]
    files = [f"{folder}/{name}" for name in re.findall(r"^ \*   (\w+\.c) ", read(header), re.M)]
    for place, source in enumerate(files):
        for other in files[place + 1:]:
            if other in graph.get(source, {}):
                yield (f"{header}: lists {source} above {other}, of which it takes "
                       f"{graph[source][other]}")
        if source not in graph:
            yield f"{header}: lists {source}, which is not built"


def main():
    graph = call_graph(Path(sys.argv[1]))
    problems = [*circles(graph), *order(graph, "server/http/private.h")]
    for problem in problems:
        print(problem)
    arrows = sum(map(len, graph.values()))
    print(f"calls: {len(graph)} files, {arrows} arrows, {'not ok' if problems else 'ok'}")
    return 1 if problems or not arrows else 0


if __name__ == "__main__":
    sys.exit(main())
