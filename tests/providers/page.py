#!/usr/bin/env python3
"""docs/providers.md is what the presets say, and each preset says where it comes from: how its
sender signs, what it takes for success, how it tries again, and why a message may be as old as it
may."""
import pathlib
import re
import subprocess
import sys


def says_too_little(preset):
    """Whether the preset does not tell that a header which it looks at is not signed."""
    keys = dict(re.findall(r'^(\w+): (.*)', preset, re.M))
    loose = 'header.' in keys.get('event', '') or (
        'header.' in keys.get('delivery', '') and '{{delivery}}' not in keys.get('signed', ''))
    return loose and '  unsigned: ' not in preset


def main():
    program, source = sys.argv[1], pathlib.Path(sys.argv[3])
    page = subprocess.run([program, 'providers', '--markdown'], capture_output=True, check=True)
    failures = page.stdout.decode() != (source / 'docs/providers.md').read_text('utf-8')
    if failures:
        print('docs/providers.md is not what `tenterhook providers --markdown` prints')
    for preset in sorted((source / 'config/providers').glob('*.yaml')):
        text = preset.read_text('utf-8')
        timed = re.search(r'tolerance: [1-9]', text)
        for key in ('title', 'source', 'evidence', 'setup', 'success', 'success_source',
                    'retries') + (('tolerance',) if timed else ()):
            if '  %s: ' % key not in text:
                failures += 1
                print('%s has no about.%s' % (preset.name, key))
        if says_too_little(text):
            failures += 1
            print('%s takes its id or type from a header that is not signed: about.unsigned'
                  % preset.name)
        told = subprocess.run([program, 'providers', preset.stem], capture_output=True, text=True)
        lines = [line.split()[0] for line in told.stdout.split('\n\n')[0].splitlines()]
        wanted = ['success', 'source', 'answer', 'retries', 'tolerance'] + (['because'] if timed
                                                                            else [])
        if told.returncode != 0 or any(name not in lines for name in wanted):
            failures += 1
            print('providers %s does not say all of %s' % (preset.stem, wanted))
    unknown = subprocess.run([program, 'providers', 'githup'], capture_output=True, text=True)
    failures += unknown.returncode != 1 or 'did you mean "github"' not in unknown.stderr
    return 1 if failures else 0


sys.exit(main())
