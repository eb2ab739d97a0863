#!/usr/bin/env python3
"""HTTP message signatures: covered fields that come twice are joined (RFC 9421, 2.1); strings may
have escapes."""
import hashlib
import sys

from probe import JSON, NOW, base64_of, case, config, digest, main, request

BODY = b'{"a":1}'
DIGESTS = ['%s=:%s:' % (name, base64_of(getattr(hashlib, name.replace('-', ''))(BODY).digest()))
           for name in ('sha-256', 'sha-512')]
ROUTE = config('rfc9421', beside={'components': '@method content-digest'})


def signed(fields, parameters='', covered=None, headers=None, label='s', split=False, body=BODY):
    """A message over `fields`, lists of values by name; `covered` is what the signer saw, where
    that is another."""
    lines = ''.join('"%s": %s\n' % (name, ', '.join(v.strip() for v in values))
                    for name, values in (covered or fields).items())
    listed = ' '.join('"%s"' % name for name in (covered or fields))
    source = '("@method" %s);created=%d%s' % (listed, NOW, parameters)
    mark = digest(('"@method": POST\n%s"@signature-params": %s' % (lines,
                                                                   source)).encode()).digest()
    sent = [JSON] + (headers
                     or [(name, value) for name, values in fields.items() for value in values])
    pairs = [('Signature-Input', '%s=%s' % (label, source)),
             ('Signature', '%s=:%s:' % (label, base64_of(mark)))]
    other = [('Signature-Input', 'proxy=("@method");created=%d;keyid="p"' % NOW),
             ('Signature', 'proxy=:AAAA:')]
    return request(sent + (other if split else []) + pairs, body)


@case
def fields_that_come_twice_are_joined(probe):
    one, two = DIGESTS[:1], DIGESTS
    probe.accepts('once', ROUTE, signed({'content-digest': one, 'x-a': ['1']}))
    probe.accepts('twice', ROUTE, signed({'content-digest': one, 'x-a': ['1', '2']}))
    probe.accepts('three times, with blanks', ROUTE,
                  signed({'content-digest': one, 'x-a': ['  1 ', '', '2,3\t']}))
    probe.accepts('both digests', ROUTE, signed({'content-digest': two}))
    probe.accepts('both digests in one', ROUTE,
                  signed({'content-digest': two}, headers=[('Content-Digest', ', '.join(two))]))
    probe.accepts('two signatures', ROUTE, signed({'content-digest': one}, split=True))
    for what, fields, headers in (
            ('in another order', {'content-digest': one, 'x-a': ['1', '2']},
             [('content-digest', one[0]), ('x-a', '2'), ('x-a', '1')]),
            ('one less', {'content-digest': one, 'x-a': ['1', '2']},
             [('content-digest', one[0]), ('x-a', '1')]),
            ('one more', {'content-digest': one, 'x-a': ['1']},
             [('content-digest', one[0]), ('x-a', '1'), ('x-a', '2')]),
            ('one more digest', {'content-digest': one},
             [('content-digest', value) for value in two]),
            ('none', {'content-digest': one, 'x-a': ['']}, [('content-digest', one[0])])):
        probe.refuses(what, ROUTE, signed(fields, headers=headers))
    wrong = [DIGESTS[0], DIGESTS[1].replace(':', ':AA', 1)]
    for values in (wrong, wrong[::-1],
                   [DIGESTS[0], 'sha-256=:%s:' % base64_of(hashlib.sha256(b'x').digest())]):
        probe.refuses('one of two digests is wrong', ROUTE, signed({'content-digest': values}))
    probe.refuses('another body', ROUTE, signed({'content-digest': two}, body=BODY + b' '))


@case
def what_leaves_the_body_open_is_no_key(probe):
    """The same text may be signed for two messages of a second: neither is the other's
    duplicate."""
    covered = probe.accepts('the body', ROUTE, signed({'content-digest': DIGESTS[:1]}))
    probe.expect('its key', len(covered['dedupe_key']), 64)
    loose = config('rfc9421', beside={'components': '@method x-a'})
    probe.expect('of no body',
                 probe.accepts('a header alone', loose, signed({'x-a': ['1']}))['dedupe_key'], '')


@case
def strings_may_have_escapes(probe):
    fields = {'content-digest': DIGESTS[:1]}
    for text in (r'n\"q', r'\\', r'\"', r'a\\\"b', r'\\)', r'x\")(', 'plain', r');created=1;x=\"'):
        for name in ('nonce', 'keyid', 'tag'):
            probe.accepts('%s="%s"' % (name, text), ROUTE,
                          signed(fields, ';%s="%s"' % (name, text)))
    for text in (r'\a', r'a\ ', '\\', r'\\\\\ ', '\\\\"x'):
        probe.refuses('nonce="%s"' % text, ROUTE, signed(fields, ';nonce="%s"' % text))
    for text in (r'hmac-sha256\"', r'\\hmac-sha256', r'ed25519\"'):
        probe.refuses('alg="%s"' % text, ROUTE, signed(fields, ';alg="%s"' % text))
    # in the list of what is covered
    for component, line in ((r'"@query-param";name="a\"b"', '1'),
                            (r'"@query-param";name="a\\b"', '1'), (r'"x\"a"', '1'),
                            (r'"x-a";tag="\")"', '1')):
        source = '("@method" "content-digest" %s);created=%d' % (component, NOW)
        base = ('"@method": POST\n"content-digest": %s\n%s: %s\n"@signature-params": %s'
                % (DIGESTS[0], component, line, source))
        headers = [JSON, ('content-digest', DIGESTS[0]), ('x-a', '1'),
                   ('Signature-Input', 's=' + source),
                   ('Signature', 's=:%s:' % base64_of(digest(base.encode()).digest()))]
        probe.refuses(component, ROUTE, request(headers, BODY, '/in/x?a%22b=1&a%5Cb=1'))


@case
def parameters_of_components_are_not_taken(probe):
    for parameter, value in ((';sf', DIGESTS[0]), (';key="sha-256"', DIGESTS[0][8:]),
                             (';bs', ':%s:' % base64_of(DIGESTS[0].encode())),
                             (';tr', DIGESTS[0]), (';req', DIGESTS[0])):
        source = '("@method" "content-digest"%s);created=%d' % (parameter, NOW)
        base = '"@method": POST\n"content-digest"%s: %s\n"@signature-params": %s' % (parameter,
                                                                                     value, source)
        headers = [JSON, ('content-digest', DIGESTS[0]), ('Signature-Input', 's=' + source),
                   ('Signature', 's=:%s:' % base64_of(digest(base.encode()).digest()))]
        probe.refuses(parameter, ROUTE, request(headers, BODY))


sys.exit(main())
