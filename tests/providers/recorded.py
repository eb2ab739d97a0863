#!/usr/bin/env python3
"""Requests that real senders and their packages made are judged by `verify` as the note beside each
expects.

recorded.py PROGRAM SHARED; SHARED holds captures/NAME.raw and NAME.json (route, clock, what is
expected). A scheme that a note describes and that is built in by now is taken from the presets.
Without the recordings it skips (77).
"""
import json
import pathlib
import re
import subprocess
import sys
import tempfile

# What the route says besides, for senders that take 200 alone or repeat names.
KEYS = {'netdata-slack-form': 'respond: {status: 200}, json_field: payload, schema: '
                              '{required: [channel, attachments]}',
        'rspamd-metadata-json': 'respond: {status: 200}',
        'vmalert-repeated-name': 'respond: {status: 200}, json: {repeated: last}'}
# What the keys above cannot say yet.
AWAITED = set()


def built_in(program):
    listed = subprocess.run([program, 'providers'], capture_output=True, text=True,
                            check=True).stdout
    return {line.split()[0] for line in listed.splitlines()}


def config(note, name, presets):
    own = note['providers'] or ''
    first = re.match(r'\s*([\w-]+):', own)
    keys = ''.join(', ' + part for part in (KEYS.get(name), 'actions: [{command: ["true"]}]')
                   if part)
    lines = ['version: 1', 'server: {listen: {address: "127.0.0.1:0", tls: off}}',
             'journal: {path: journal.db}']
    if first and first[1] not in presets:
        lines += ['providers:', own]
    return '\n'.join(lines + ['routes:', '  - ' + note['route'].rstrip()[:-1] + keys + '}', ''])


def judge(program, directory, file, presets):
    """What is wrong, or nothing."""
    note = json.loads(file.with_suffix('.json').read_text('utf-8'))
    route = pathlib.Path(directory, 'c.yaml')
    route.write_text(config(note, file.stem, presets), encoding='utf-8')
    done = subprocess.run([program, 'verify', '-c', route, '--request', file, '--now',
                           str(note['now']), '--json'], capture_output=True, timeout=60)
    said = json.loads(done.stdout) if done.returncode in (0, 1) else {}
    wanted = note['expected']['status']
    return '' if said.get('status') == wanted else '%s, wanted %s: %s%s' % (
        said.get('status'), wanted, said.get('reason', ''), done.stderr.decode()[:300])


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2], 'captures')
    files = sorted(folder.glob('*.raw'))
    if not files:
        print('skipped: there are no captures beside the source tree')
        return 77
    presets, wrong = built_in(program), 0
    with tempfile.TemporaryDirectory() as directory:
        for file in files:
            fault = judge(program, directory, file, presets)
            wrong += bool(fault) and file.stem not in AWAITED
            print('%-34s %s' % (file.stem, fault
                                and ('awaited: ' if file.stem in AWAITED else 'WRONG: ') + fault))
    print('%d recorded requests, %d wrong' % (len(files), wrong))
    return 1 if wrong else 0


sys.exit(main())
