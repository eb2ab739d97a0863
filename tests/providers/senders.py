#!/usr/bin/env python3
"""Requests of senders without a preset, as they came, are judged by `verify` as the senders want
it.

senders.py PROGRAM SHARED; without the recordings beside the source tree it skips (77).
"""
import json
import pathlib
import subprocess
import sys
import tempfile

# by recording: what its route needs besides what stands beside the recording, the status, the event
# and the delivery
SENDERS = {
    'rspamd-metadata-json': ('respond: {status: 200}, delivery: payload.message_id', 200, '',
                             '1@example.test'),
    'netdata-slack-form': ('respond: {status: 200, body: ok}', 200, '', ''),
    'vmalert-repeated-name': (
    'respond: {status: 200}, json: {repeated: last}, event: "payload[0].labels.alertname"',
    200, 'Always', ''),
    'collectd-probe-without-credentials': ('respond: {status: 200}', 401, '', ''),
    'freeradius-accounting': (
    'respond: {body: ""}, event: header.x-freeradius-section, events: accounting', 202,
    'accounting', ''), 'directus-flow': ('event: payload.event', 202, 'orders.items.create', ''),
    'directus-flow-empty': ('content: auto', 202, '', ''),
    'nginx-rtmp-on-publish': ('event: form.call, delivery: form.clientid', 202, 'publish', '1'),
    'ejabberd-post-log': ('delivery: header.x-message-timestamp', 202, '',
                          '2026-11-29 15:59:58.189641Z'),
    'strapi-entry-create': ('event: header.x-strapi-event, events: "entry.*"', 202, 'entry.create',
                            ''),}
# as they are without it
BEFORE = {'vmalert-repeated-name': 400, 'directus-flow-empty': 415,
          'collectd-probe-without-credentials': 401}


def verify(program, directory, folder, name, keys):
    notes = json.loads((folder / (name + '.json')).read_text(encoding='utf-8'))
    file = pathlib.Path(directory, name + '.yaml')
    file.write_text(notes['config'].replace(', actions:', ', %s, actions:' % keys if keys
                                            else ', actions:'), encoding='utf-8')
    done = subprocess.run([program, 'verify', '-c', file, '--request', folder / (name + '.raw'),
                           '--json', '--now', str(notes['now'])], capture_output=True, timeout=60)
    said = json.loads(done.stdout or b'{}')
    return said.get('status', done.stderr.decode()), said.get('event'), said.get('delivery')


def main():
    program, folder, wrong = sys.argv[1], pathlib.Path(sys.argv[2], 'captures'), 0
    if not folder.is_dir():
        print('skipped: there are no captures beside the source tree')
        return 77
    with tempfile.TemporaryDirectory() as directory:
        for name, (keys, *wanted) in SENDERS.items():
            got = list(verify(program, directory, folder, name, keys))
            before = verify(program, directory, folder, name, '')[0]
            if got != wanted or before != BEFORE.get(name, 202):
                wrong += 1
                print('WRONG %s: %s, wanted %s; without further keys %s' % (name, got, wanted,
                                                                            before))
    print('%d recordings, %d wrong' % (len(SENDERS), wrong))
    return 1 if wrong else 0


sys.exit(main())
