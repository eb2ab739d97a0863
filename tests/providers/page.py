#!/usr/bin/env python3
"""docs/providers.md is what the presets say, and each preset says where it comes from."""
import pathlib
import subprocess
import sys


def main():
    program, source = sys.argv[1], pathlib.Path(sys.argv[3])
    page = subprocess.run([program, 'providers', '--markdown'], capture_output=True, check=True)
    failures = page.stdout.decode() != (source / 'docs/providers.md').read_text('utf-8')
    if failures:
        print('docs/providers.md is not what `tenterhook providers --markdown` prints')
    for preset in sorted((source / 'config/providers').glob('*.yaml')):
        text = preset.read_text('utf-8')
        for key in ('title', 'source', 'evidence', 'setup'):
            if '  %s: ' % key not in text:
                failures += 1
                print('%s has no about.%s' % (preset.name, key))
        told = subprocess.run([program, 'providers', preset.stem], capture_output=True)
        failures += told.returncode != 0
    unknown = subprocess.run([program, 'providers', 'githup'], capture_output=True, text=True)
    failures += unknown.returncode != 1 or 'did you mean "github"' not in unknown.stderr
    return 1 if failures else 0


sys.exit(main())
