#!/usr/bin/env python3
"""For every preset: what `send` signs is accepted and answered as its sender wants it, with one bit
of it flipped it is refused, it is taken as long as the sender's own retries come, and known again
under another id."""
import concurrent.futures
import json
import pathlib
import re
import subprocess
import sys
import tempfile
import time

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
MESSAGES = [
    {'algorithm': 'hmac-sha256'}, {'algorithm': 'ed25519'}, {'algorithm': 'ecdsa-p256-sha256'},
    {'algorithm': 'rsa-pss-sha512'}, {'algorithm': 'rsa-v1_5-sha256'},
    {'components': '@method @authority @path @query @target-uri content-type content-digest'}]
# values of the body that the scheme leaves out of the signature
NOT_SIGNED = ('token', 'basic', 'none')

# The status that senders want who are not content with 202, by what they document or do.
ANSWERS = {name: 200 for name in (
    'adyen-classic', 'airtable', 'authorize-net', 'coinbase-commerce', 'docusign', 'dropbox',
    'elevenlabs', 'ghost', 'intercom', 'jira',
    'kick', 'lemonsqueezy', 'line', 'linear', 'logto', 'mailgun', 'mailgun-form', 'meta', 'mollie',
    'nylas', 'okta', 'onfleet', 'paddle', 'parse-server', 'plaid', 'postmark', 'revenuecat-signed',
    'revenuecat-token', 'shopify', 'slack', 'surge', 'trello', 'twilio-form', 'twilio-form-sha256',
    'vonage', 'webflow', 'woocommerce', 'workos', 'x-twitter', 'xero', 'zoom')}
ANSWERS.update({'discord': 204, 'hocuspocus': 204})
# How old a message may be, in minutes: as the sender says, or as long as it sends the same bytes
# again.
AGES = {'bird': 5, 'box': 10, 'buildkite': 5, 'calendly': 25 * 60,
        'clerk': 5, 'contentful-webhook': 5, 'customerio': 169 * 60, 'elevenlabs': 60, 'ghost': 5,
        'gitlab-signed': 5, 'grafana-timestamped': 5, 'hubspot-v3': 5, 'linear': 8 * 60,
        'mux': 25 * 60, 'openai': 5, 'paddle': 5, 'plaid': 5, 'polar': 5, 'pusher': 10, 'qstash': 5,
        'recurly': 74 * 60, 'replicate': 5, 'resend': 5, 'revenuecat-signed': 180, 'rfc9421': 5,
        'slack': 10, 'standard-webhooks': 5, 'standard-webhooks-ed25519': 5,
        'stripe': 5, 'surge': 5, 'svix': 5, 'tailscale': 25 * 60, 'telnyx': 5, 'twitch': 10,
        'vonage': 25 * 60, 'webflow': 45, 'workos': 73 * 60, 'zendesk': 5, 'zoom': 120}


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
    if encoding in ('public',
                    'certificate') or kind == 'ed25519' or not algorithm.startswith('hmac'):
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


def verify(program, directory, name, request, *more):
    captured = directory / (name + '.request')
    captured.write_bytes(request)
    done = run(program, 'verify', '-c', directory / (name + '.yaml'), '--request', captured, *more)
    return done.returncode, done.stdout.decode('utf-8', 'replace').strip().split('\n')[-1]


def ages(program, directory, name, request):
    """What is wrong with how long the message is taken."""
    age, now = AGES.get(name), int(time.time())
    for minutes, wanted in ((age - 1, 0), (age + 1, 1)) if age else ((30 * 24 * 60, 0),):
        code, said = verify(program, directory, name, request, '--now', now + 60 * minutes)
        if code != wanted:
            yield '%d minutes old: exit %d, wanted %d %s' % (minutes, code, wanted, said)


def unused(words, has_event):
    """Options that the provider has no use for, and are taken."""
    for option in ['--set', 'nonsense=1'], [] if has_event else ['--event', 'made.here']:
        said = run(*words, *option)
        if option and (said.returncode != 1 or said.stdout or not said.stderr):
            yield '%s: exit %d %s' % (option, said.returncode, said.stderr.decode())


def keys(program, directory, name, request, text):
    """What is wrong with the key of a message whose time is signed, captured and sent with another
    id."""
    header = re.search(r'^delivery: \[?header\.([\w-]+)', text, re.M)
    if not header or not re.search(r'^time: ', text, re.M) or 'signed: false' in text:
        return
    other = re.sub(rb'(?im)^(%s: ).*\r$' % header[1].encode(), rb'\1another-id\r', request)
    code, said = verify(program, directory, name, other, '--json')
    if other == request or (code == 0 and json.loads(said)['dedupe_key'] != json.loads(
            verify(program, directory, name, request, '--json')[1])['dedupe_key']):
        yield 'with another id it is another event'


def flipped(request, text):
    """The request with one bit flipped: in the credentials, and in the body where it is signed."""
    head, body = request.split(b'\r\n\r\n', 1)
    lines = head.split(b'\r\n')
    for number, line in enumerate(lines):
        name, _, value = line.partition(b': ')
        if re.search(rb'sign|hmac|(?<!idempotency-)token|auth|proof|mac$|verification|webhook-key',
                     name, re.I) and value:
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
    words = [program, 'send', name, '--to', URL, *arguments, '--print']
    has_event = re.search(r'^event: ', text, re.M)
    sent = run(*words, *(['--event', 'made.here'] if has_event else []))
    if sent.returncode:
        return name, ['send: exit %d %s' % (sent.returncode, sent.stderr.decode())]
    code, said = verify(program, directory, name, sent.stdout)
    right = 'answered with %d (accepted)' % ANSWERS.get(name, 202)
    wrong = [] if (code, said) == (0, right) else ['as sent: ' + said
                                                   + sent.stdout.decode('utf-8', 'replace')]
    wrong += [*unused(words, has_event),
              *ages(program, directory, name, sent.stdout),
              *keys(program, directory, name, sent.stdout, text)]
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
