#!/usr/bin/env python3
"""For every preset: what `send` signs is accepted, and with one bit of it flipped it is refused."""
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile

URL = 'https://hooks.example.test/hook'
PARAMETERS = {'braintree': {'public_key': 'our_public_key'}, 'datadog': {'header': 'X-Our-Token'},
              'opsgenie': {'header': 'X-Our-Token'}, 'paypal-pinned': {'webhook_id': 'WH-1'}}
SECRETS = {'hex': '00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff',
           'base64': 'AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8='}
# kinds that are code, and sign the body
CODE = ('sns', 'contentful', 'message')
PUBLIC = """-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----"""
# of RFC 9421, what may stand beside the name
MESSAGES = [{'algorithm': 'hmac-sha256'}, {'algorithm': 'ed25519'}, {'algorithm': 'ecdsa-p256-sha256'},
            {'algorithm': 'rsa-pss-sha512'}, {'algorithm': 'rsa-v1_5-sha256'},
            {'components': '@method @authority @path @query @target-uri content-type content-digest'}]
# values of the body that the scheme leaves out of the signature
NOT_SIGNED = ('token', 'basic', 'none')


def run(program, *arguments):
    return subprocess.run([program, *map(str, arguments)], capture_output=True, timeout=60)


def word(text, key, default=''):
    found = re.search(r'^%s: (\w+)' % key, text, re.M)
    return found.group(1) if found else default


def make_secret(program, directory, name, text, beside):
    """The arguments of send, and the route's secret."""
    kind, encoding = word(text, 'kind'), ''
    found = re.search(r'^key: \{.*encoding: (\w+)', text, re.M)
    encoding = found.group(1) if found else ''
    algorithm = beside.get('algorithm', 'hmac')
    if encoding in ('public', 'certificate') or kind == 'ed25519' or not algorithm.startswith('hmac'):
        key = directory / ('%s-%s.key' % (name, algorithm))
        said = ['--set', 'algorithm=' + algorithm] if 'algorithm' in beside else []
        made = run(program, 'send', name, '--new-key', '--key', key, *said)
        assert made.returncode == 0, made.stderr
        return ['--key', key], made.stdout.decode().strip()
    secret = 'user:a password of the test' if kind == 'basic' else \
        SECRETS.get(encoding, 'a secret of the test')
    return ([] if kind == 'none' else ['--secret', secret]), secret


def config(name, secret, text, parameters):
    beside = ''.join(', %s: %s' % (item[0], json.dumps(item[1])) for item in parameters.items())
    lines = ['version: 1', 'server: {listen: [{address: "127.0.0.1:0", tls: off}]}', 'routes:',
             '  - name: hook', '    path: /hook', '    public_url: ' + URL,
             '    provider: {name: %s%s}' % (name, beside)]
    if word(text, 'kind') != 'none':
        lines.append('    secret: ' + json.dumps(secret))
    return '\n'.join(lines + ['    actions: [{command: ["true"]}]', ''])


def verify(program, directory, name, request):
    captured = directory / (name + '.request')
    captured.write_bytes(request)
    done = run(program, 'verify', '-c', directory / (name + '.yaml'), '--request', captured)
    return done.returncode, done.stdout.decode('utf-8', 'replace').strip().split('\n')[-1]


def flipped(request, text):
    """The request with one bit flipped: in the credentials, and in the body where it is signed."""
    head, body = request.split(b'\r\n\r\n', 1)
    lines = head.split(b'\r\n')
    for number, line in enumerate(lines):
        name, _, value = line.partition(b': ')
        if re.search(rb'sign|hmac|token|auth|proof|mac$|verification', name, re.I) and value:
            for place in {len(value) // 2, max(0, len(value) - 3)}:
                changed = value[:place] + bytes([value[place] ^ 1]) + value[place + 1:]
                yield b'\r\n'.join(lines[:number] + [name + b': ' + changed] + lines[number + 1:]) \
                    + b'\r\n\r\n' + body
    if word(text, 'kind') in CODE or (word(text, 'kind') not in NOT_SIGNED and '{{body}}' in text):
        for place in (0, len(body) // 2, len(body) - 1):
            yield head + b'\r\n\r\n' + body[:place] + bytes([body[place] ^ 1]) + body[place + 1:]


def check(job):
    program, directory, name, text, beside = job
    arguments, secret = make_secret(program, directory, name, text, beside)
    (directory / (name + '.yaml')).write_text(config(name, secret, text, beside))
    for item in beside.items():
        arguments += ['--set', '%s=%s' % item]
    sent = run(program, 'send', name, '--to', URL, *arguments, '--event', 'made.here', '--print')
    if sent.returncode:
        return name, ['send: exit %d %s' % (sent.returncode, sent.stderr.decode())]
    code, said = verify(program, directory, name, sent.stdout)
    wrong = [] if code == 0 else ['as sent: ' + said + sent.stdout.decode('utf-8', 'replace')]
    for request in flipped(sent.stdout, text):
        code, said = verify(program, directory, name, request)
        if code != 1:
            wrong.append('flipped: exit %d %s' % (code, request))
    return name, wrong


def main():
    program, source = sys.argv[1], pathlib.Path(sys.argv[3])
    failures = 0
    with tempfile.TemporaryDirectory() as directory:
        jobs = []
        for preset in sorted((source / 'config/providers').glob('*.yaml')):
            text = preset.read_text('utf-8')
            for number, beside in enumerate([PARAMETERS.get(preset.stem, {})] +
                                            (MESSAGES if word(text, 'kind') == 'message' else [])):
                folder = pathlib.Path(directory, str(number))
                folder.mkdir(exist_ok=True)
                jobs.append((program, folder, preset.stem, text, beside))
        public = run(program, 'send', 'rfc9421', '--to', URL, '--secret', PUBLIC, '--print')
        failures += public.returncode == 0 or b'--key' not in public.stderr
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            for name, wrong in pool.map(check, jobs):
                failures += bool(wrong)
                for line in wrong:
                    print(name, line)
        print('%d presets and variants signed and checked, %d wrong' % (len(jobs), failures))
    return 1 if failures else 0


sys.exit(main())
