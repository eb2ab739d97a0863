#!/usr/bin/env python3
"""Every signature vector and every handshake through the built program's `verify`.

vectors.py PROGRAM [SHARED]: vectors-own.json beside this script, which
tests/interop/make-vectors.mjs makes with the senders' packages, is always tried; SHARED is the
directory that holds providers/vectors.json and handshakes.json, tried where it is there. A vector
that is valid has to be accepted, one that is not refused; where that is a matter of policy,
docs/providers.md says what is done and POLICY below is held against it. $PRESET tries one preset
alone.
"""
import base64
import collections
import concurrent.futures
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import urllib.parse

OWN = pathlib.Path(__file__).resolve().parent / 'vectors-own.json'

# What is a matter of policy, by the kind of the vector: whether it is accepted.
POLICY = {
    'base64-no-padding': False,
    'duplicate-header': False,
    'duplicate-header-bad-first': False,
    'future': False,
    'inner-space': False,
    'uppercase-hex': True,
    'list-first-matches': True,
    'list-second-matches': True,
}


# By how many seconds more than the sender's package a preset takes, so that the sender's own
# retries
# count: what the package refuses for its age is accepted here, and refused that much later.
LONGER = {'contentful-webhook': 271, 'customerio': 169 * 3600 - 300, 'linear': 8 * 3600 - 60,
          'mux': 25 * 3600 - 300, 'paddle': 295, 'slack': 300, 'webflow': 2400,
          'workos': 73 * 3600 - 180}


def quoted(text):
    return json.dumps(text, ensure_ascii=False).replace('\x7f', '\\x7f')


def keys_of(vector):
    config = vector.get('config') or {}
    keys = [key for key in vector['secrets'] if key]
    if vector.get('public_key'):
        keys = [vector['public_key']]
    if config.get('cert_pem'):
        keys = [config['cert_pem']]
    return keys


def is_what_it_says(vector):
    """A vector may sign any bytes; a sender's JSON is JSON."""
    types = [value for name, value in vector['headers'] if name.lower() == 'content-type']
    if not types or 'json' not in types[0]:
        return True
    try:
        json.loads(base64.b64decode(vector['body_base64']))
        return True
    except ValueError:
        return False


def config_of(vector, preset):
    beside = {k: v for k, v in (vector.get('config') or {}).items() if k != 'cert_pem'}
    url = urllib.parse.urlsplit(vector['url'])
    provider = '{name: %s%s}' % (preset, ''.join(', %s: %s' % (k, quoted(v))
                                                 for k, v in beside.items()))
    lines = ['version: 1',
             'server: {listen: [{address: "127.0.0.1:0", tls: off}]}',
             'journal: {path: /nonexistent/journal.db}',
             'routes:',
             '  - name: vector',
             '    path: %s' % quoted(urllib.parse.unquote(url.path)),
             '    public_url: %s' % quoted(vector['url'].split('?')[0]),
             '    provider: %s' % provider]
    if not is_what_it_says(vector):
        lines.append('    content: raw')
    if vector['method'] != 'POST' and 'valid' in vector:
        lines.append('    methods: [%s]' % vector['method'])
    keys = keys_of(vector)
    if keys:
        lines.append('    secret: [%s]' % ', '.join(map(quoted, keys)))
    lines += ['    actions: [{command: ["true"]}]', '']
    return '\n'.join(lines)


def request_of(vector):
    url = urllib.parse.urlsplit(vector['url'])
    target = url.path + ('?' + url.query if url.query else '')
    body = base64.b64decode(vector['body_base64'])
    names = {name.lower() for name, _ in vector['headers']}
    head = ['%s %s HTTP/1.1' % (vector['method'], target)]
    if 'host' not in names:
        head.append('Host: ' + url.netloc.split('@')[-1])
    head += ['%s: %s' % tuple(header) for header in vector['headers']]
    if 'content-length' not in names and (body or vector['method'] == 'POST'):
        head.append('Content-Length: %d' % len(body))
    return '\r\n'.join(head).encode('utf-8') + b'\r\n\r\n' + body


def verify(program, directory, vector, preset, number):
    config = pathlib.Path(directory, 'c%d.yaml' % number)
    request = pathlib.Path(directory, 'r%d' % number)
    config.write_text(config_of(vector, preset), encoding='utf-8')
    request.write_bytes(request_of(vector))
    done = subprocess.run([program, 'verify', '-c', str(config), '--request', str(request),
                           '--now', str(vector['now']), '--json'], capture_output=True, timeout=60)
    answer = json.loads(done.stdout) if done.returncode in (0, 1) else None
    return done.returncode, answer, done.stderr.decode('utf-8', 'replace')


def expected(vector):
    return POLICY[vector['kind']] if vector['valid'] is None else vector['valid']


def is_refused_for_age(vector):
    return vector['preset'] in LONGER and (vector['kind'] == 'stale'
                                           or vector.get('note') == 'clock +6s')


def check_age(job):
    program, directory, number, vector = job
    codes = [verify(program, directory, dict(vector, now=vector['now'] + later), vector['preset'],
                    number)[0] for later in (0, LONGER[vector['preset']])]
    return vector, codes == [0, 1], '%s: exits %s, wanted 0 and later 1' % (vector['id'], codes)


def check_vector(job):
    program, directory, number, vector = job
    if is_refused_for_age(vector):
        return check_age(job)
    code, answer, errors = verify(program, directory, vector, vector['preset'], number)
    wanted = 0 if expected(vector) else 1
    return vector, code == wanted, '%s: exit %d, wanted %d: %s %s' % (
        vector['id'], code, wanted, (answer or {}).get('reason'), errors if code > 1 else '')


def check_handshake(job):
    program, directory, number, vector = job
    vector = dict(vector, headers=vector['headers'], preset=vector['provider'])
    if not keys_of(vector) and vector['preset'] not in ('asana', 'notion'):
        key = 'ab' * 32 if vector['preset'] == 'discord' else 'a secret of the test'
        vector['secrets'] = [key]
    code, answer, errors = verify(program, directory, vector, vector['preset'], 10000 + number)
    wanted, shown = vector['expect'], (answer or {}).get('answer', {})
    status = (answer or {}).get('status')
    good = status == wanted['status']
    if good and status == 200:
        good = ('body' not in wanted or shown.get('body', '') == wanted['body']) and \
            ('json' not in wanted or json.loads(shown['body']) == wanted['json']) and \
            ('type' not in wanted or shown['type'].split(';')[0] == wanted['type']) and \
            all(shown.get('headers', {}).get(name) == value
                for name, value in wanted.get('headers', {}).items()
                if name != 'X-Content-Type-Options')  # the server adds it to every answer
    return vector, good, '%s handshake: %s, wanted %s %s' % (vector['provider'], answer, wanted,
                                                             errors if code > 1 else '')


def run(check, program, directory, vectors):
    jobs = [(program, directory, number, vector) for number, vector in enumerate(vectors)]
    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        return list(pool.map(check, jobs))


def report(results):
    counts = collections.defaultdict(collections.Counter)
    for vector, good, text in results:
        kind = {True: 'accepted', False: 'refused', None: 'policy'}[vector.get('valid', True)]
        counts[vector['preset']][kind if good else 'WRONG'] += 1
        if not good:
            print(text)
    for preset, count in sorted(counts.items()):
        print('%-28s' % preset, ' '.join('%s %d' % item for item in sorted(count.items())))
    wrong = sum(count['WRONG'] for count in counts.values())
    print('%d vectors of %d presets, %d wrong' % (len(results), len(counts), wrong))
    return wrong


def read(path, name):
    """The vectors of a file, or of those the ones of $PRESET."""
    only = os.environ.get('PRESET')
    return [v for v in json.loads(path.read_text('utf-8')) if only in (None, '', v[name])]


def main():
    program = sys.argv[1]
    shared = pathlib.Path(sys.argv[2], 'providers') if len(sys.argv) > 2 else None
    with tempfile.TemporaryDirectory() as directory:
        wrong = report(run(check_vector, program, directory, read(OWN, 'preset')))
        if not shared or not (shared / 'vectors.json').is_file():
            print('there is no providers/vectors.json beside the source tree: these alone')
            return 1 if wrong else 0
        wrong += report(run(check_vector, program, directory,
                            read(shared / 'vectors.json', 'preset')))
        wrong += report(run(check_handshake, program, directory,
                            read(shared / 'handshakes.json', 'provider')))
    return 1 if wrong else 0


sys.exit(main())
