#!/usr/bin/env python3
"""Writes the presets as a C table: embed-presets.py OUTPUT FILE..., or lists them for meson:
embed-presets.py --list DIRECTORY"""
import os
import pathlib
import sys


def literal(line):
    text = line.replace('\\', '\\\\').replace('"', '\\"')
    return '     "%s\\n"' % text


def main():
    if sys.argv[1] == '--list':
        source = os.path.join(os.environ['MESON_SOURCE_ROOT'], os.environ['MESON_SUBDIR'])
        directory = pathlib.Path(source, sys.argv[2])
        print('\n'.join(str(file.resolve()) for file in sorted(directory.glob('*.yaml'))))
        return
    output, files = sys.argv[1], sorted(map(pathlib.Path, sys.argv[2:]), key=lambda f: f.stem)
    rows = []
    for file in files:
        lines = file.read_text(encoding='utf-8').splitlines()
        rows.append('    {"%s",\n%s},' % (file.stem, '\n'.join(map(literal, lines))))
    pathlib.Path(output).write_text(
        '#include "handlers/provider/presets.h"\n\n'
        'const struct preset presets[] = {\n%s\n};\n'
        'const size_t preset_count = sizeof presets / sizeof presets[0];\n' % '\n'.join(rows),
        encoding='utf-8')


main()
