#!/usr/bin/env python3
"""HTTP message signatures: the examples of RFC 9421, appendix B.2, are accepted; changed,
refused."""
import base64
import hmac
import json
import pathlib
import subprocess
import sys
import tempfile

ED25519 = '''-----BEGIN PUBLIC KEY-----
MCowBQYDK2VwAyEAJrQLj5P/89iXES9+vFgrIy29clF9CC/oPPsw3c5D0bs=
-----END PUBLIC KEY-----'''
RSA = '''-----BEGIN PUBLIC KEY-----
MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAr4tmm3r20Wd/PbqvP1s2
+QEtvpuRaV8Yq40gjUR8y2Rjxa6dpG2GXHbPfvMs8ct+Lh1GH45x28Rw3Ry53mm+
oAXjyQ86OnDkZ5N8lYbggD4O3w6M6pAvLkhk95AndTrifbIFPNU8PPMO7OyrFAHq
gDsznjPFmTOtCEcN2Z1FpWgchwuYLPL+Wokqltd11nqqzi+bJ9cvSKADYdUAAN5W
Utzdpiy6LbTgSxP7ociU4Tn0g5I6aDZJ7A8Lzo0KSyZYoA485mqcO0GVAdVw9lq4
aOT9v6d+nb4bnNkQVklLQ3fVAvJm+xdDOp9LCNCN48V2pnDOkFV6+U9nV5oyc6XI
2wIDAQAB
-----END PUBLIC KEY-----'''
SHARED = 'uzvJfB4u3N0Jy4T7NZ75MDVcr8zSTInedJtkgcu46YW4XByzNJjxBdtjUkdJPBtbmHhIDi6pcl8jsasjlTMtDQ=='
DIGEST = ('sha-512=:WZDPaVn/7XgHaAy8pmojAkGWoRx2UFChF41A2svX+TaPm+AbwAgBWnrIiYllu7BNNyealdVLvRwE'
          'mTHWXvJwew==:')
BODY = '{"hello": "world"}'
NOW = 1618884473

EXAMPLES = {
    'B.2.2': (RSA, 'components: "@authority content-digest"',
              'sig-b22=("@authority" "content-digest" "@query-param";name="Pet")'
              ';created=1618884473;keyid="test-key-rsa-pss";tag="header-example"',
              'LjbtqUbfmvjj5C5kr1Ugj4PmLYvx9wVjZvD9GsTT4F7GrcQEdJzgI9qHxICagShLRiLMlAJjtq6N4CDfKtjv'
              'uJyE5qH7KT8UCMkSowOB4+ECxCmT8rtAmj/0PIXxi0A0nxKyB09RNrCQibbUjsLS/2YyFYXEu4TRJQzRw1rL'
              'EuEfY17SARYhpTlaqwZVtR8NV7+4UKkjqpcAoFqWFQh62s7Cl+H2fjBSpqfZUJcsIk4N6wiKYd4je2U/lank'
              'enQ99PZfB4jY3I5rSV2DSBVkSFsURIjYErOs0tFTQosMTAoxk//0RoKUqiYY8Bh0aaUEb0rQl3/XaVe4bXTu'
              'gEjHSw=='),
    'B.2.5': (SHARED, 'components: "date @authority", encoding: base64',
              'sig-b25=("date" "@authority" "content-type");created=1618884473'
              ';keyid="test-shared-secret"',
              'pxcQw6G3AjtMBQjwo8XzkZf/bws5LelbaMk5rGIGtE8='),
    'B.2.6': (ED25519, 'components: "date @method @path"',
              'sig-b26=("date" "@method" "@path" "@authority" "content-type" "content-length")'
              ';created=1618884473;keyid="test-key-ed25519"',
              'wqcAqbmYJ2ji2glfAMaRy4gruYYnx2nEFN2HN6jrnDnQCK1u02Gb04v9EDgwUPiu4A0w6vuQv5lIp5WPpBKR'
              'Cw=='),
}


def request(source, signature, body=BODY, target='/foo?param=Value&Pet=dog'):
    label = source.split('=')[0]
    return '\r\n'.join([
        'POST %s HTTP/1.1' % target, 'Host: example.com', 'Date: Tue, 20 Apr 2021 02:07:55 GMT',
        'Content-Type: application/json', 'Content-Digest: ' + DIGEST, 'Content-Length: 18',
        'Signature-Input: ' + source, 'Signature: %s=:%s:' % (label, signature), '', body])


# components that are right or wrong in an odd way: the component, its line, the query, the exit
# code
ODD = [('"@query-param";name="a"', 'x%20y', '?a=x+y', 0),
       ('"@query-param";name="a%20b"', '1', '?a+b=1', 0),
       ('"@query-param";name="a+b"', '1', '?a%20b=1', 0),
       ('"@query-param";name="a"', '1', '?a=1&%61=2', 1),
       ('"@query-param";name="a";req', '1', '?a=1', 1), ('"@query-param"', '1', '?a=1', 1),
       ('"@query-param";name="a"', '1', '?b=1', 1), ('"@query-param";name="%zz"', '1', '?%zz=1', 1),
       ('"@query"', '?', '', 0), ('"@method";req', 'POST', '', 1), ('"@status"', '200', '', 1)]
TIMES = [('created=%d' % NOW, 0), ('created="%d"' % NOW, 1), ('created=%d.0' % NOW, 1),
         ('created=?1', 1), ('created=%d;expires="%d"' % (NOW, NOW + 9), 1),
         ('created=%d;expires=%d' % (NOW, NOW + 9), 0)]


def odd(component, line, query, times='created=%d' % NOW):
    """A message that is signed over that component, whether it may be or not."""
    source = '("content-digest" %s);%s' % (component, times)
    text = '"content-digest": %s\n%s: %s\n"@signature-params": %s' % (DIGEST, component, line,
                                                                      source)
    mark = hmac.digest(base64.b64decode(SHARED), text.encode(), 'sha256')
    return request('sig1=' + source, base64.b64encode(mark).decode(), target='/foo' + query)


def config(key, parameters):
    return '\n'.join(['version: 1', 'server: {listen: [{address: "127.0.0.1:0", tls: off}]}',
                      'routes:', '  - name: message', '    path: /foo',
                      '    provider: {name: rfc9421, %s}' % parameters,
                      '    secret: ' + json.dumps(key), '    actions: [{command: ["true"]}]', ''])


def verify(program, directory, key, parameters, text, now=NOW):
    pathlib.Path(directory, 'c.yaml').write_text(config(key, parameters))
    pathlib.Path(directory, 'r').write_bytes(text.encode())
    return subprocess.run([program, 'verify', '-c', directory + '/c.yaml', '--request',
                           directory + '/r', '--now', str(now)], capture_output=True).returncode


def main():
    program, failures = sys.argv[1], 0
    with tempfile.TemporaryDirectory() as directory:
        for name, (key, parameters, source, mark) in EXAMPLES.items():
            wrong = mark[:8] + ('A' if mark[8] != 'A' else 'B') + mark[9:]
            for what, wanted, text, now, said in (
                    ('as it is', 0, request(source, mark), NOW, parameters),
                    ('other signature', 1, request(source, wrong), NOW, parameters),
                    ('other time', 1, request(source.replace('473', '474'), mark), NOW, parameters),
                    ('too old', 1, request(source, mark), NOW + 301, parameters),
                    ('a component less', 1, request(source.replace('"@authority"', ''), mark), NOW,
                     parameters),
                    ('not enough covered', 1, request(source, mark), NOW,
                     parameters.replace('components: "', 'components: "@scheme '))):
                code = verify(program, directory, key, said, text, now)
                failures += code != wanted
                print('%s %s %s' % ('ok  ' if code == wanted else 'WRONG', name, what))
        cases = [(case[:3], case[3]) for case in ODD] + [(('"@method"', 'POST', '', t), code)
                                                         for t, code in TIMES]
        for case, wanted in cases:
            code = verify(program, directory, SHARED, 'encoding: base64', odd(*case))
            failures += code != wanted
            print('%s %s' % ('ok  ' if code == wanted else 'WRONG', case))
        key, parameters, source, mark = EXAMPLES['B.2.2']
        for text in (request(source, mark, BODY.replace('hello', 'hellp')),
                     request(source, mark, target='/foo?param=Value&Pet=cat')):
            code = verify(program, directory, key, parameters, text)
            failures += code != 1
    return 1 if failures else 0


sys.exit(main())
