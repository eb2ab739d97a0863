#!/usr/bin/env python3
"""A sender of one's own takes a few lines of the route file and no C; what is wrong in them is
said."""
import hashlib
import hmac
import pathlib
import subprocess
import sys
import tempfile

SCHEME = '''version: 1
server: {listen: [{address: "127.0.0.1:0", tls: off}]}
providers:
  acme:
    kind: hmac
    hash: sha512
    key: {encoding: hex, strip: acme_}
    signed: "{{parameter.account}}|{{delivery}}|{{time}}|{{body}}"
    signature: {in: header.x-acme-proof, separator: ";", assignment: ":", field: now, trim: true}
    time: {in: signature.at, unit: milliseconds, tolerance: 1m, ahead: 10s}
    delivery: header.x-acme-id
    event: payload.kind
    parameters: account
routes:
  - name: acme
    path: /acme
    provider: {name: acme, account: A1}
    secret: [acme_00112233445566778899aabbccddeeff, acme_ffeeddccbbaa99887766554433221100]
    actions: [{command: ["true"]}]
'''

WRONG = [
    ('kind: hmac', 'kind: hmack', '"hmac"'),
    ('hash: sha512', 'hash: md5', 'weak_hash'),
    ('hash: sha512', 'hash: md4', 'hash'),
    ('{{delivery}}', '{{deliver}}', '"deliver" is not a value'),
    ('signed: ', 'sined: ', 'did you mean "signed"'),
    ('{in: header.x-acme-proof, ', '{', 'signature.in'),
    ('{name: acme, account: A1}', 'acme', 'account'),
    ('{name: acme, account: A1}', '{name: acme, account: A1, colour: red}', 'colour'),
    ('acme_00112233445566778899aabbccddeeff', 'acme_not_hex_at_all', 'not hex'),
    ('kind: hmac\n    hash: sha512', 'kind: rsa\n    hash: sha1', 'SHA-1'),
]


def request(key, time='1700000000000', name='x7', account='A1', entries='at:%s; now:%s'):
    body = b'{"kind": "paid"}'
    text = ('%s|%s|%s|' % (account, name, time)).encode() + body
    proof = entries % (time, hmac.new(bytes.fromhex(key), text, hashlib.sha512).hexdigest())
    head = ['POST /acme HTTP/1.1', 'Host: h', 'X-Acme-Id: ' + name, 'X-Acme-Proof: ' + proof,
            'Content-Type: application/json', 'Content-Length: %d' % len(body), '', '']
    return '\r\n'.join(head).encode() + body


def main():
    program, failures = sys.argv[1], 0
    first, second = '00112233445566778899aabbccddeeff', 'ffeeddccbbaa99887766554433221100'
    with tempfile.TemporaryDirectory() as directory:
        config, captured = pathlib.Path(directory, 'c.yaml'), pathlib.Path(directory, 'r')
        config.write_text(SCHEME)
        for wanted, data in (
                (0, request(first)), (0, request(second)), (1, request('00' * 16)),
                (0, request(first, '1699999940000')), (1, request(first, '1699999939999')),
                (0, request(first, '1700000010000')), (1, request(first, '1700000010001')),
                (1, request(first, '1700000000')), (1, request(first, name='a|b')),
                (1, request(first, name='n' * 2000)), (1, request(first, account='A2')),
                (1, request(first, entries='at:%s; then:%s')),
                (1, request(first, entries='at:1700000000000; at:%s; now:%s'))):
            captured.write_bytes(data)
            code = subprocess.run([program, 'verify', '-c', config, '--request', captured, '--now',
                                   '1700000000'], capture_output=True).returncode
            if code != wanted:
                failures += 1
                print('exit %d, wanted %d: %s' % (code, wanted, data[:200]))
        for old, new, said in WRONG:
            assert old in SCHEME, old
            config.write_text(SCHEME.replace(old, new))
            done = subprocess.run([program, 'check', '-c', config], capture_output=True, text=True)
            if done.returncode != 1 or said not in done.stderr:
                failures += 1
                print('%s: exit %d, said %s' % (new, done.returncode, done.stderr))
    return 1 if failures else 0


sys.exit(main())
