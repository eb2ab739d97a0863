#!/usr/bin/env python3
"""The words that schemes are described in: what they take, what they refuse, and what `check` says to wrong ones."""
import hashlib
import sys

from probe import JSON, NOW, SECRET, base64_of, case, config, digest, main, request

BODY = b'{"id": "evt_1", "type": "made"}'


def own(*lines):
    """A scheme `own` of those lines, for config()."""
    return 'providers:\n  own:\n' + '\n'.join('    ' + line for line in lines)


def wrong(probe, what, lines, said, **keys):
    """`check` refuses the scheme and says so."""
    code, text = probe.check(config('own', own=own(*lines), **keys))
    probe.expect(what, (code, text if said not in text else said), (1, said))


@case
def hex_comes_in_either_case(probe):
    mark = digest(BODY).hexdigest()
    mixed = ''.join(c.upper() if i % 3 else c for i, c in enumerate(mark))
    routes = {'X-Hub-Signature-256': config('github'),
              'X-Own': config('own', own=own('kind: hmac', 'signed: "{{body}}"', 'signature: {in: header.x-own, prefix: "sha256="}')),
              'X-Auth': config('github', extra='').replace('    provider: {name: github}\n', '    auth: {hmac: {header: x-auth, prefix: "sha256=", secret: %s}}\n' % SECRET).replace(
                  '    secret: ["%s"]\n' % SECRET, '')}
    for name, route in routes.items():
        for text in (mark, mark.upper(), mixed):
            probe.accepts(name + ' ' + text, route, request([JSON, (name, 'sha256=' + text)], BODY))
            for changed in (text[:-1] + ('0' if text[-1] not in '0' else '1'), text[:-1], text + '0', text[:-1] + 'g', 'SHA256=' + text):
                probe.refuses(name + ' ' + changed, route, request([JSON, (name, 'sha256=' + changed)], BODY))
        probe.refuses('the prefix in another case', route, request([JSON, (name, 'SHA256=' + mark)], BODY))


LIST = ('kind: hmac', 'signed: "{{time}}.{{body}}"', 'signature: {in: header.recurly-signature, separator: ","}',
        'time: {in: "signature[0]", unit: milliseconds, tolerance: 5m}')


@case
def lists_need_no_names(probe):
    """The first entry is the time, each other a signature (Recurly); made with hmac and hashlib alone."""
    route, ms = config('own', own=own(*LIST)), NOW * 1000
    mark, other = (digest(b'%d.' % ms + BODY, key).hexdigest() for key in (SECRET, 'another secret'))
    def sent(text, body=BODY):
        return request([JSON, ('recurly-signature', text)], body)
    for text in ('%d,%s' % (ms, mark), '%d,%s,%s' % (ms, other, mark), '%d,%s,%s' % (ms, mark, other), '%d,00,x,,%s' % (ms, mark)):
        probe.accepts(text, route, sent(text))
    probe.accepts('of five minutes ago', route, sent('%d,%s' % (ms, mark)), NOW + 300)
    probe.refuses('older', route, sent('%d,%s' % (ms, mark)), now=NOW + 301)
    for text in ('%d,%s' % (ms, other), '%s,%d' % (mark, ms), mark, '%d' % ms, '%d,' % ms, '%d,%s' % (ms + 1, mark), ',' + mark,
                 '%d,%d,%s' % (ms + 1, ms, mark), ' %d,%s' % (ms, mark) + ',0' * 31, 't=%d,v1=%s' % (ms, mark)):
        probe.refuses(text, route, sent(text))
    probe.refuses('another body', route, sent('%d,%s' % (ms, mark), BODY + b' '))
    probe.refuses('twice', route, request([JSON, ('recurly-signature', '%d,%s' % (ms, mark))] * 2, BODY))
    last = config('own', own=own(*LIST[:3], 'time: {in: "signature[2]", unit: milliseconds, tolerance: 5m}'))
    probe.accepts('the time as the third', last, sent('%s,%s,%d' % (other, mark, ms)))
    probe.refuses('the time as the first', last, sent('%d,%s,%s' % (ms, other, mark)))


@case
def lists_are_described_rightly(probe):
    for what, lines, said in (
            ('no separator', LIST[:2] + ('signature: {in: header.x}',) + LIST[3:], 'signature.separator'),
            ('names and positions', LIST[:2] + ('signature: {in: header.x, separator: ",", assignment: "=", field: v1}',) + LIST[3:],
             'without names'),
            ('a name without names', LIST[:3] + ('time: {in: signature.t}',), 'signature.assignment'),
            ('a position too far', LIST[:3] + ('time: {in: "signature[32]"}',), 'from 0 to 31'),
            ('a position that is none', LIST[:3] + ('time: {in: "signature[x]"}',), 'from 0 to 31'),
            ('a position with a zero before it', LIST[:3] + ('time: {in: "signature[01]"}',), 'from 0 to 31'),
            ('an open position', LIST[:3] + ('time: {in: "signature[0"}',), 'from 0 to 31')):
        wrong(probe, what, lines, said)


@case
def md5_is_only_for_who_asks(probe):
    plain, mac = hashlib.md5(SECRET.encode() + BODY).hexdigest(), digest(BODY, name='md5').hexdigest()
    for what, lines, mark in (
            ('an HMAC', ('kind: hmac', 'hash: md5', 'signed: "{{body}}"', 'signature: {in: header.x-own}'), mac),
            ('a plain digest', ('kind: hash', 'hash: md5', 'signed: "{{secret}}{{body}}"', 'signature: {in: header.x-own}'), plain),
            ('of the key', ('kind: hmac', 'key: {hash: md5}', 'signed: "{{body}}"', 'signature: {in: header.x-own}'),
             digest(BODY, hashlib.md5(SECRET.encode()).digest()).hexdigest()),
            ('of the body', ('kind: hmac', 'body_hash: {in: header.content-md5, hash: md5, encoding: base64}',
                             'signed: "{{header.content-md5}}"', 'signature: {in: header.x-own}'),
             digest(base64_of(hashlib.md5(BODY).digest()).encode()).hexdigest())):
        wrong(probe, what + ' that nobody asked for', lines, 'weak_hash: true')
        route = config('own', own=own('weak_hash: true', *lines))
        code, said = probe.check(route)
        probe.expect(what + ' is warned of', (code, 'MD5, which is weak' in said, 'SHA-1' in said), (0, True, False))
        headers = [JSON, ('content-md5', base64_of(hashlib.md5(BODY).digest()))]
        probe.accepts(what, route, request(headers + [('x-own', mark)], BODY))
        probe.refuses(what + ', changed', route, request(headers + [('x-own', mark)], BODY + b' '))
        probe.refuses(what + ', of another', route, request(headers + [('x-own', mark[::-1])], BODY))
    for kind in ('rsa', 'rsa_pss', 'ecdsa'):
        wrong(probe, kind + ' over MD5', ('kind: ' + kind, 'hash: md5', 'weak_hash: true', 'key: {encoding: public}', 'signed: "{{body}}"',
                                          'signature: {in: header.x-own, encoding: base64}'), 'MD5 is not accepted')


sys.exit(main())
