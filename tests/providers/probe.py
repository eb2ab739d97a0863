"""What the tests of attacks share: a route of one provider, a request, and what `verify` says to
it."""
import base64
import hashlib
import hmac
import json
import pathlib
import subprocess
import sys
import tempfile

NOW = 1763900000
TIME = '2025-11-23T12:13:20Z'  # NOW
URL = 'https://hooks.example.test/in/x'
SECRET = 'a secret of the test'
JSON = ('Content-Type', 'application/json')
FORM = ('Content-Type', 'application/x-www-form-urlencoded')


CASES = []


def case(function):
    """A test: called with a Probe by main()."""
    CASES.append(function)
    return function


def quoted(text):
    return json.dumps(text, ensure_ascii=False)


def digest(text, key=SECRET, name='sha256'):
    return hmac.new(key.encode() if isinstance(key, str) else key, text, getattr(hashlib, name))


def config(provider, secrets=(SECRET,), beside=None, path='/in/x', public_url=URL, extra='',
           own=''):
    """A route file with one route; `own` stands at its top, `extra` in the route."""
    name = '{name: %s%s}' % (provider, ''.join(', %s: %s' % (k, quoted(v))
                                               for k, v in (beside or {}).items()))
    lines = ['version: 1', 'server: {listen: [{address: "127.0.0.1:0", tls: off}]}',
             'journal: {path: /nonexistent/journal.db}', own, 'routes:', '  - name: probe',
             '    path: ' + quoted(path), '    provider: ' + name, extra,
             '    actions: [{command: ["true"]}]', '']
    if public_url:
        lines.insert(7, '    public_url: ' + quoted(public_url))
    if secrets:
        lines.insert(-2, '    secret: [%s]' % ', '.join(map(quoted, secrets)))
    return '\n'.join(line for line in lines if line) + '\n'


def request(headers, body=b'', target='/in/x', method='POST', host='hooks.example.test'):
    lines = ['%s %s HTTP/1.1' % (method, target), 'Host: ' + host]
    lines += ['%s: %s' % header for header in headers] + ['Content-Length: %d' % len(body), '', '']
    return '\r\n'.join(lines).encode() + body


def openssl(*arguments, data=None):
    """What openssl prints."""
    return subprocess.run(['openssl', *map(str, arguments)], input=data, check=True,
                          capture_output=True).stdout


def base64_of(data):
    return base64.b64encode(data).decode()


def base64url_of(data):
    return base64.urlsafe_b64encode(data).rstrip(b'=')


class Probe:
    """Runs `verify` and `check`, and keeps count of what was not as it should be."""

    def __init__(self, program, directory):
        self.program, self.directory = program, pathlib.Path(directory)
        self.wrong = self.tried = 0

    def run(self, *arguments, data=None):
        return subprocess.run([self.program, *map(str, arguments)], capture_output=True, timeout=60,
                              input=data)

    def verify(self, route, message, now=NOW):
        """The exit code and the verdict; what was wrong with the route file where there is none."""
        file, captured = self.directory / 'c.yaml', self.directory / 'r'
        file.write_text(route, encoding='utf-8')
        captured.write_bytes(message)
        done = self.run('verify', '-c', file, '--request', captured, '--now', now, '--json')
        said = (json.loads(done.stdout) if done.returncode in (0, 1)
                else {'reason': done.stderr.decode()})
        return done.returncode, said

    def check(self, route):
        """The exit code of `check`, and what it says."""
        file = self.directory / 'c.yaml'
        file.write_text(route, encoding='utf-8')
        done = self.run('check', '-c', file)
        return done.returncode, done.stderr.decode()

    def expect(self, what, got, wanted):
        self.tried += 1
        if got != wanted:
            self.wrong += 1
            print('WRONG %s: %s, wanted %s' % (what, got, wanted))

    def accepts(self, what, route, message, now=NOW):
        code, said = self.verify(route, message, now)
        self.expect(what, (code, code and said.get('reason')), (0, 0))
        return said

    def refuses(self, what, route, message, status=401, now=NOW):
        code, said = self.verify(route, message, now)
        self.expect(what, (code, said.get('status', said.get('reason'))), (1, status))
        return said


def main():
    with tempfile.TemporaryDirectory() as directory:
        probe = Probe(sys.argv[1], directory)
        for function in CASES:
            function(probe)
        print('%d tried, %d wrong' % (probe.tried, probe.wrong))
    return 1 if probe.wrong else 0
