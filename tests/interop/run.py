#!/usr/bin/env python3
"""The senders' own packages and we agree, both ways: they verify what `send` signs, and `verify`
accepts what they sign; with one bit of the body flipped, neither does.

run.py PROGRAM; the packages are installed beforehand with `npm ci` in this directory, or this is
skipped. One line a package; what signs for it is said last. Then tests/providers/vectors-own.json
has to be what make-vectors.mjs makes of the same packages.
"""
import json
import pathlib
import subprocess
import sys
import tempfile
import time
import urllib.parse

HERE = pathlib.Path(__file__).resolve().parent
URL = 'https://hooks.example.test/hook'


class Packages:
    """drive.mjs, asked a question a line."""

    def __init__(self):
        self.process = subprocess.Popen(['node', HERE / 'drive.mjs'], text=True, encoding='utf-8',
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE)

    def ask(self, do, **question):
        self.process.stdin.write(json.dumps({'do': do, **question}) + '\n')
        self.process.stdin.flush()
        line = self.process.stdout.readline()
        if not line:
            raise RuntimeError('drive.mjs died over %s of %s' % (do, question))
        return json.loads(line)

    def close(self):
        self.process.stdin.close()
        return self.process.wait(60)


class Row:
    """One package and one preset."""

    def __init__(self, number, said, program, directory, packages):
        self.number, self.said, self.program = number, said, program
        self.directory, self.packages = directory, packages
        self.preset, self.url = said['preset'], said.get('url', URL)
        self.secret, self.key, self.arguments = said['secret'], None, []
        if not self.secret:
            self.make_key()
        else:
            self.arguments = ['--secret', self.secret]
        for item in said.get('beside', {}).items():
            self.arguments += ['--set', '%s=%s' % item]

    def run(self, *arguments):
        return subprocess.run([self.program, *map(str, arguments)], capture_output=True, timeout=60)

    def make_key(self):
        path = self.directory / (self.preset + '.key')
        made = self.run('send', self.preset, '--new-key', '--key', path)
        assert made.returncode == 0, made.stderr
        self.secret, self.key = made.stdout.decode().strip(), path.read_text()
        self.arguments = ['--key', path]

    def sent(self, body):
        """What `send` makes, of a body or of its own, as drive.mjs takes it."""
        extra = []
        if body is not None:
            path = self.directory / 'body'
            path.write_text(body, encoding='utf-8')
            extra = ['--body', path]
        done = self.run('send', self.preset, '--to', self.url, *self.arguments, *extra, '--print')
        assert done.returncode == 0, done.stderr
        head, text = done.stdout.decode().split('\r\n\r\n', 1)
        lines = head.split('\r\n')
        headers = {line.split(': ')[0].lower(): line.split(': ', 1)[1] for line in lines[1:]}
        return {'headers': headers, 'body': text, 'secret': self.secret, 'time': int(time.time()),
                'url': urllib.parse.urljoin(self.url, lines[0].split()[1])}

    def theirs(self):
        """What the package says to what `send` signs."""
        given = self.said['body'] and not self.said.get('mark')
        bodies = ([] if self.said.get('ownBody') else [None]) + ([self.said['body']] if given
                                                                 else [])
        wrong = []
        for body in [] if self.said.get('sends') else bodies:
            sent = self.sent(body)
            answer = self.packages.ask('verify', row=self.number, message=sent)
            if not answer['good'] or answer['flipped']:
                wrong.append('it says %s to %s' % (answer, sent))
        return wrong

    def verify(self, signed, body, now):
        beside = ''.join(', %s: %s' % item for item in self.said.get('beside', {}).items())
        url = urllib.parse.urlsplit(signed['url'])
        config, captured = self.directory / 'c.yaml', self.directory / 'r'
        config.write_text('\n'.join([
            'version: 1', 'server: {listen: [{address: "127.0.0.1:0", tls: off}]}', 'routes:',
            '  - name: hook', '    path: ' + url.path, '    public_url: ' + self.url,
            '    content: raw', '    provider: {name: %s%s}' % (self.preset, beside),
            '    secret: ' + json.dumps(self.secret), '    actions: [{command: ["true"]}]', '']))
        data = body.encode()
        kind = 'application/x-www-form-urlencoded' if self.said.get('form') else 'application/json'
        lines = ['POST %s HTTP/1.1' % urllib.parse.urlunsplit(('', '', *url[2:])),
                 'Host: ' + url.netloc, 'Content-Type: ' + kind, 'Content-Length: %d' % len(data)]
        lines += ['%s: %s' % header for header in signed['headers'].items()]
        captured.write_bytes('\r\n'.join(lines + ['', '']).encode() + data)
        done = self.run('verify', '-c', config, '--request', captured, '--now', now)
        return done.returncode, done.stdout.decode('utf-8', 'replace') + done.stderr.decode()

    def ours(self):
        """What we say to what the package signs, and the package itself where it does not sign."""
        now = int(time.time())
        signed = self.packages.ask('sign', row=self.number, secret=self.secret, key=self.key,
                                   time=now)
        message = {'body': signed['body'], 'url': signed['url'], 'secret': self.secret, 'time': now,
                   'headers': {name.lower(): value for name, value in signed['headers'].items()}}
        answer = self.packages.ask('verify', row=self.number, message=message)
        wrong = [] if answer['good'] and not answer['flipped'] else ['of its own it says %s'
                                                                     % answer]
        for body, wanted in ((signed['body'], 0), (signed['flipped'], 1)):
            code, said = self.verify(signed, body, now)
            if code != wanted:
                wrong.append('exit %d, wanted %d: %s%s' % (code, wanted, said, message))
        return wrong


def check(row):
    theirs, ours, said = row.theirs(), row.ours(), row.said
    first = '`send`: ' + said['sends'] if said.get('sends') else 'WRONG' if theirs else 'agrees'
    print('%-5s %-18s %-38s verifies ours: %-22s ours verifies its: %s, signed %s' % (
        'WRONG' if theirs or ours else 'ok', said['preset'], said['package']
        + ' ' + said['version'], first, 'WRONG' if ours else 'agrees', 'by ' + said['signer']
        if said.get('signer') else 'by hand (it cannot sign), which it verifies'), flush=True)
    for text in theirs + ours:
        print('      ' + text)
    return not theirs and not ours


def main():
    if not (HERE / 'node_modules').is_dir():
        print('skipped: the packages are not installed; npm ci in tests/interop does it')
        return 77
    packages, wrong = Packages(), 0
    with tempfile.TemporaryDirectory() as directory:
        for number, said in enumerate(packages.ask('list', time=int(time.time()))):
            row = Row(number, said, sys.argv[1], pathlib.Path(directory), packages)
            wrong += not check(row)
    wrong += packages.close() != 0
    made = subprocess.run(['node', HERE / 'make-vectors.mjs', '--check'], timeout=120)
    wrong += made.returncode != 0
    return 1 if wrong else 0


sys.exit(main())
