#!/usr/bin/env python3
"""Copies server/event.h with five more rows in its table: add_fields.py INPUT OUTPUT.

Each is what somebody would write who adds a field: a kind, and the next place in each output.
"""
import re
import sys

ROWS = [("note", "TEXT"), ("weight", "NUMBER"), ("urgent", "FLAG"), ("labels", "LIST"),
        ("due_ms", "TIME")]


def next_places(table):
    """The first places that are free in the JSON, in the envelope and among the variables."""
    shown = re.findall(r'(?:AT\((\d+), "\w+"\)|NOWHERE),\s*(?:AT\((\d+), "\w+"\)|NOWHERE),'
                       r'\s*(?:AT\((\d+), "\w+"\)|NOWHERE),', table)
    return [max(int(places[i] or 0) for places in shown) + 1 for i in range(3)]


def main():
    text = open(sys.argv[1], encoding="utf-8").read()
    json, envelope, variable = next_places(text.replace("\\\n", ""))
    rows = "".join(
        f'FIELD({name}, {kind}, SENT, "{name}", AT({json + i}, "{name}"), AT({envelope + i}, '
        f'"{name}"), ' f'AT({variable + i}, "TENTERHOOK_{name.upper()}"), EVENT_SMALL, "For a '
        f'test.") \\\n' for i, (name, kind) in enumerate(ROWS))
    head = re.search(r"#define EVENT_ROW_FIELDS\(FIELD\)\s*\\\n", text)
    with open(sys.argv[2], "w", encoding="utf-8") as out:
        out.write(text[:head.end()] + rows + text[head.end():])


if __name__ == "__main__":
    main()
