#!/usr/bin/env python3
"""Writes the meta-schemas given as arguments into a C file: embed.py OUTPUT FILE..."""
import json
import sys


def literal(text):
    lines = [json.dumps(line + "\n") for line in text.splitlines()]
    return "\n     ".join(lines)


def main(output, files):
    with open(output, "w", encoding="ascii") as out:
        out.write('#include "handlers/schema/meta_texts.h"\n\n')
        out.write("#include <stddef.h>\n\nconst struct meta_text meta_texts[] = {\n")
        for name in files:
            with open(name, encoding="ascii") as file:
                text = file.read()
            document = json.loads(text)
            uri = document.get("$id", document.get("id")).rstrip("#")
            out.write("    {%s,\n     %s},\n" % (json.dumps(uri), literal(text)))
        out.write("    {NULL, NULL},\n};\n")


main(sys.argv[1], sys.argv[2:])
