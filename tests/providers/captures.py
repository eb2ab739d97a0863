#!/usr/bin/env python3
"""Requests recorded from real senders are accepted by `verify`, and refused with another secret.

captures.py PROGRAM SHARED; without the recordings beside the source tree it skips (77).
"""
import json
import pathlib
import subprocess
import sys
import tempfile

# by path: the route's keys with the secret that the sender was given, and with another
ROUTES = {
    '/hooks/alertmanager': ('provider: alertmanager, secret: %s', 'alerts:s3cr3t-pässword'),
    '/hooks/alertmanager-bearer': ('provider: alertmanager-bearer, secret: %s', 'tok-123.abc'),
    '/hooks/registry': ('provider: docker-registry, secret: %s', 'registry-token-1'),
    '/hooks/hocuspocus': ('provider: hocuspocus, secret: %s', '459824aaffa928e05f5b1caec411ae5f'),
    '/hooks/icecast': ('content: form, auth: {basic: {user: ice, password: %s}}', 'cast'),
    '/hooks/verdaccio': ('auth: {token: {header: X-Registry-Token, value: %s}}', 'verd-token-1'),
}


def config(other):
    lines = ['version: 1', 'server: {listen: [{address: "127.0.0.1:0", tls: off}]}', 'routes:']
    for number, (path, (keys, secret)) in enumerate(ROUTES.items()):
        shown = json.dumps(secret + 'x' if other else secret, ensure_ascii=False)
        lines.append('  - {name: r%d, path: %s, %s, actions: [{command: ["true"]}]}'
                     % (number, path, keys % shown))
    return '\n'.join(lines) + '\n'


def verify(program, directory, request, other):
    file = pathlib.Path(directory, 'other.yaml' if other else 'right.yaml')
    file.write_text(config(other), encoding='utf-8')
    done = subprocess.run([program, 'verify', '-c', file, '--request', request, '--json'],
                          capture_output=True, timeout=60)
    return done.returncode, json.loads(done.stdout or b'{}'), done.stderr.decode()


def main():
    program, folder = sys.argv[1], pathlib.Path(sys.argv[2], 'providers', 'captures')
    requests = sorted(folder.glob('*.raw'))
    if not requests:
        print('skipped: there are no providers/captures beside the source tree')
        return 77
    wrong = 0
    with tempfile.TemporaryDirectory() as directory:
        for request in requests:
            code, answer, errors = verify(program, directory, request, False)
            refused, refusal, _ = verify(program, directory, request, True)
            good = code == 0 and refused == 1 and refusal['status'] == 401
            wrong += not good
            print('%-28s %s' % (request.name, 'accepted; with another secret 401' if good else
                                'WRONG: %s %s %s' % (answer, refusal, errors)))
    print('%d recorded requests, %d wrong' % (len(requests), wrong))
    return 1 if wrong else 0


sys.exit(main())
