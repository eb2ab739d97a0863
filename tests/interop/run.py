#!/usr/bin/env python3
"""The senders' own packages and we agree, both ways: they verify what `send` signs, and `verify`
accepts what they sign; with one bit flipped, neither does.

run.py PROGRAM; the packages are installed beforehand with `npm ci` in this directory, or this is
skipped.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
URL = 'https://hooks.example.test/hook'
SECRETS = {'svix': 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
           'standard-webhooks': 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'}
BODY = '{"id":"evt_1","type":"made","text":"Zo\u00eb"}'


def sdk(**message):
    done = subprocess.run(['node', HERE / 'sdk.mjs'], input=json.dumps(message), text=True,
                          capture_output=True, timeout=60)
    if done.returncode:
        raise RuntimeError('%s: %s' % (message.get('preset'), done.stderr[-2000:]))
    return json.loads(done.stdout)


def secret_of(program, directory, name):
    if name not in ('discord', 'sendgrid'):
        secret = SECRETS.get(name, 'a secret of the test')
        return secret, ['--secret', secret]
    key = directory / (name + '.key')
    made = subprocess.run([program, 'send', name, '--new-key', '--key', key], capture_output=True,
                          text=True, check=True)
    return made.stdout.strip(), ['--key', key]


def ours(program, directory, name, secret, request):
    config, captured = directory / 'c.yaml', directory / 'r'
    config.write_text('\n'.join([
        'version: 1', 'server: {listen: [{address: "127.0.0.1:0", tls: off}]}', 'routes:',
        '  - name: hook', '    path: /hook', '    public_url: ' + URL, '    content: raw',
        '    provider: ' + name, '    secret: ' + json.dumps(secret),
        '    actions: [{command: ["true"]}]', '']))
    captured.write_bytes(request)
    return subprocess.run([program, 'verify', '-c', config, '--request', captured],
                          capture_output=True).returncode == 0


def flip(body):
    return body[:5] + chr(ord(body[5]) ^ 1) + body[6:]


def check(program, directory, name, signs):
    secret, arguments = secret_of(program, directory, name)
    sent = subprocess.run([program, 'send', name, '--to', URL, *arguments, '--print'],
                          capture_output=True, check=True).stdout.decode()
    head, body = sent.split('\r\n\r\n', 1)
    headers = {line.split(': ')[0].lower(): line.split(': ', 1)[1]
               for line in head.split('\r\n')[1:]}
    message = {'preset': name, 'secret': secret, 'headers': headers, 'url': URL}
    results = {'theirs accepts ours': sdk(do='verify', body=body, **message)['good'],
               'theirs refuses a flipped bit':
                   not sdk(do='verify', body=flip(body), **message)['good']}
    if signs:
        form = name == 'twilio-form'
        text = 'MessageSid=SM1&Body=Zo%C3%AB+1' if form else BODY
        signed = sdk(do='sign', body=text, time=int(time.time()), **message)['headers']
        for what, wanted, sent_body in (('ours accepts theirs', True, text),
                                        ('ours refuses a flipped bit', False, flip(text))):
            data = sent_body.encode()
            lines = ['POST /hook HTTP/1.1', 'Host: hooks.example.test',
                     'Content-Type: ' + ('application/x-www-form-urlencoded' if form
                                         else 'application/json'),
                     'Content-Length: %d' % len(data)]
            lines += ['%s: %s' % header for header in signed.items()]
            request = '\r\n'.join(lines + ['', '']).encode() + data
            results[what] = ours(program, directory, name, secret, request) == wanted
    return results


def main():
    if not (HERE / 'node_modules').is_dir():
        print('skipped: the packages are not installed; npm ci in tests/interop does it')
        return 77
    failures = 0
    with tempfile.TemporaryDirectory() as directory:
        for name, signs in sdk(do='list'):
            results = check(sys.argv[1], pathlib.Path(directory), name, signs)
            failures += not all(results.values())
            for what, good in results.items():
                print('%s %s: %s' % ('ok   ' if good else 'WRONG', name, what))
    return 1 if failures else 0


sys.exit(main())
