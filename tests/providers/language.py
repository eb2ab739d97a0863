#!/usr/bin/env python3
"""The words that schemes are described in: what they take, what they refuse, and what `check` says
to wrong ones."""
import hashlib
import sys

from probe import (JSON, NOW, SECRET, URL, base64_of, base64url_of, case, config, digest, main,
                   request)

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
              'X-Own': config('own', own=own('kind: hmac', 'signed: "{{body}}"',
                                             'signature: {in: header.x-own, prefix: "sha256="}')),
              'X-Auth': config('github', extra='').replace(
        '    provider: {name: github}\n',
        '    auth: {hmac: {header: x-auth, prefix: "sha256=", secret: %s}}\n' % SECRET).replace(
        '    secret: ["%s"]\n' % SECRET, '')}
    for name, route in routes.items():
        for text in (mark, mark.upper(), mixed):
            probe.accepts(name + ' ' + text, route, request([JSON, (name, 'sha256=' + text)], BODY))
        for changed in (mark.upper()[:-1] + ('0' if mark[-1] != '0' else '1'), mark[:-1],
                        mark + '0', mark[:-1] + 'G'):
            probe.refuses(name + ' ' + changed, route,
                          request([JSON, (name, 'sha256=' + changed)], BODY))
        probe.refuses('the prefix in another case', route,
                      request([JSON, (name, 'SHA256=' + mark)], BODY))


LIST = ('kind: hmac', 'signed: "{{time}}.{{body}}"',
        'signature: {in: header.recurly-signature, separator: ","}',
        'time: {in: "signature[0]", unit: milliseconds, tolerance: 5m}')


@case
def lists_need_no_names(probe):
    """The first entry is the time, each other a signature (Recurly); made with hmac and hashlib
    alone."""
    route, ms = config('own', own=own(*LIST)), NOW * 1000
    mark, other = (digest(b'%d.' % ms + BODY, key).hexdigest()
                   for key in (SECRET, 'another secret'))
    def sent(text, body=BODY):
        return request([JSON, ('recurly-signature', text)], body)
    for text in ('%d,%s' % (ms, mark), '%d,%s,%s' % (ms, other, mark),
                 '%d,%s,%s' % (ms, mark, other), '%d,00,x,,%s' % (ms, mark)):
        probe.accepts(text, route, sent(text))
    probe.accepts('of five minutes ago', route, sent('%d,%s' % (ms, mark)), NOW + 300)
    probe.refuses('older', route, sent('%d,%s' % (ms, mark)), now=NOW + 301)
    for text in ('%d,%s' % (ms, other), '%s,%d' % (mark, ms), mark, '%d' % ms,
                 '%d,' % ms, '%d,%s' % (ms + 1, mark), ',' + mark, '%d,%d,%s' % (ms + 1, ms, mark),
                 ' %d,%s' % (ms, mark) + ',0' * 31, 't=%d,v1=%s' % (ms, mark)):
        probe.refuses(text, route, sent(text))
    probe.refuses('another body', route, sent('%d,%s' % (ms, mark), BODY + b' '))
    probe.refuses('twice', route,
                  request([JSON, ('recurly-signature', '%d,%s' % (ms, mark))] * 2, BODY))
    last = config('own', own=own(*LIST[:3],
                                 'time: {in: "signature[2]", unit: milliseconds, tolerance: 5m}'))
    probe.accepts('the time as the third', last, sent('%s,%s,%d' % (other, mark, ms)))
    probe.refuses('the time as the first', last, sent('%d,%s,%s' % (ms, other, mark)))


@case
def lists_are_described_rightly(probe):
    for what, lines, said in (
            ('no separator', LIST[:2] + ('signature: {in: header.x}',) + LIST[3:],
             'signature.separator'),
            ('names and positions',
             LIST[:2] + ('signature: {in: header.x, separator: ",", assignment: "=", field: v1}',)
             + LIST[3:], 'without names'),
            ('a name without names', LIST[:3] + ('time: {in: signature.t}',),
             'signature.assignment'),
            ('a position too far', LIST[:3] + ('time: {in: "signature[32]"}',), 'from 0 to 31'),
            ('a position that is none', LIST[:3] + ('time: {in: "signature[x]"}',), 'from 0 to 31'),
            ('a position with a zero before it', LIST[:3] + ('time: {in: "signature[01]"}',),
             'from 0 to 31'),
            ('an open position', LIST[:3] + ('time: {in: "signature[0"}',), 'from 0 to 31')):
        wrong(probe, what, lines, said)


@case
def md5_is_only_for_who_asks(probe):
    plain, mac = hashlib.md5(SECRET.encode() + BODY).hexdigest(), digest(BODY,
                                                                         name='md5').hexdigest()
    for what, lines, mark in (
            ('an HMAC', ('kind: hmac', 'hash: md5', 'signed: "{{body}}"',
                         'signature: {in: header.x-own}'), mac),
            ('a plain digest', ('kind: hash', 'hash: md5', 'signed: "{{secret}}{{body}}"',
                                'signature: {in: header.x-own}'), plain),
            ('of the key', ('kind: hmac', 'key: {hash: md5}', 'signed: "{{body}}"',
                            'signature: {in: header.x-own}'),
             digest(BODY, hashlib.md5(SECRET.encode()).digest()).hexdigest()),
            ('of the body',
             ('kind: hmac', 'body_hash: {in: header.content-md5, hash: md5, encoding: base64}',
              'signed: "{{header.content-md5}}"', 'signature: {in: header.x-own}'),
             digest(base64_of(hashlib.md5(BODY).digest()).encode()).hexdigest())):
        wrong(probe, what + ' that nobody asked for', lines, 'weak_hash: true')
        route = config('own', own=own('weak_hash: true', *lines))
        code, said = probe.check(route)
        probe.expect(what + ' is warned of', (code, 'MD5, which is weak' in said, 'SHA-1' in said),
                     (0, True, False))
        headers = [JSON, ('content-md5', base64_of(hashlib.md5(BODY).digest()))]
        probe.accepts(what, route, request(headers + [('x-own', mark)], BODY))
        probe.refuses(what + ', changed', route, request(headers + [('x-own', mark)], BODY + b' '))
        probe.refuses(what + ', of another', route,
                      request(headers + [('x-own', mark[::-1])], BODY))
    for kind in ('rsa', 'rsa_pss', 'ecdsa'):
        wrong(probe, kind + ' over MD5', ('kind: ' + kind, 'hash: md5', 'weak_hash: true',
                                          'key: {encoding: public}', 'signed: "{{body}}"',
                                          'signature: {in: header.x-own, encoding: base64}'),
              'MD5 is not accepted')


KEY = b'a key of thirty-two bytes for us'


def standard(family, body=BODY, name='msg_1', time=NOW, key=KEY):
    """The three headers of Standard Webhooks, in a family."""
    mark = base64_of(digest(b'%s.%d.%s' % (name.encode(), time, body), key).digest())
    return [(family + '-id', name), (family + '-timestamp', time),
            (family + '-signature', 'v1,' + mark)]


def one_by_one(probe, preset, route, family, other):
    """Each header missing, there twice, of the other family, or the other family's beside it."""
    for i in range(3 if preset == 'svix' else 1):
        parts = standard(family)
        mixed = parts[:i] + [(parts[i][0].replace(family, other), parts[i][1])] + parts[i + 1:]
        probe.refuses('%s of the other family' % mixed[i][0], route, request([JSON] + mixed, BODY))
        probe.refuses('without ' + parts[i][0], route,
                      request([JSON] + parts[:i] + parts[i + 1:], BODY))
        probe.refuses('twice ' + parts[i][0], route, request([JSON, parts[i]] + parts, BODY))
        stray = [(parts[i][0].replace(family, other), 'stray')]
        said = probe.accepts('beside ' + stray[0][0], route, request([JSON] + stray + parts, BODY))
        probe.expect('its id', said['delivery'], 'msg_1')


@case
def one_family_of_headers_is_whole(probe):
    """Svix has two sets of names: a message is that of one of them, never of both."""
    for preset in ('svix', 'clerk', 'resend'):
        route = config(preset, ['whsec_' + base64_of(KEY)])
        for family in ('svix', 'webhook'):
            said = probe.accepts(preset + ' by ' + family, route,
                                 request([JSON] + standard(family), BODY))
            probe.expect('its id', (said['delivery'], said['dedupe_key'], said['event']),
                         ('msg_1', 'msg_1', 'made'))
            probe.refuses('another body', route, request([JSON] + standard(family), BODY + b' '))
            one_by_one(probe, preset, route, family, 'webhook' if family == 'svix' else 'svix')
        # both are whole: the first counts, and the other changes nothing
        both = standard('svix') + standard('webhook', name='msg_2')
        probe.expect('of both', probe.accepts('both', route,
                                              request([JSON] + both, BODY))['delivery'], 'msg_1')
        both = standard('svix', key=b'another') + standard('webhook')
        probe.refuses('both, the first wrong', route, request([JSON] + both, BODY))
    wrong(probe, 'no families', ('kind: hmac', 'signed: "{{body}}"',
                                 'signature: {in: "header.{{family}}-x"}'), 'needs families')
    wrong(probe, 'no name', ('kind: hmac', 'families: [a]', 'signed: "{{body}}"',
                             'signature: {in: "header.{{family}}"}'), 'after {{family}}')


@case
def digests_are_signed_as_bytes(probe):
    """Bird: TIME, address and the 32 bytes of the body's SHA-256, a line each."""
    scheme = own('kind: hmac', 'signed: "{{time}}\\n{{url}}\\n{{body | sha256}}"',
                 'signature: {in: header.x-bird, encoding: base64}',
                 'time: {in: header.x-time, tolerance: 5m}')
    route = config('own', own=scheme)
    for body in (BODY, b'{}', b'[' + b'1,' * 40000 + b'1]'):
        text = b'%d\n%s\n' % (NOW, URL.encode()) + hashlib.sha256(body).digest()
        headers = [JSON, ('x-time', NOW), ('x-bird', base64_of(digest(text).digest()))]
        said = probe.accepts('%d bytes' % len(body), route, request(headers, body))
        probe.expect('what was signed', said['signed'].startswith('%d\n%s\n' % (NOW, URL)), True)
        probe.refuses('another body', route, request(headers, body + b' '))
        probe.refuses('another address', route, request(headers, body, '/in/x?a=1'))
        hexed = b'%d\n%s\n' % (NOW, URL.encode()) + hashlib.sha256(body).hexdigest().encode()
        probe.refuses('in hex', route,
                      request(headers[:2] + [('x-bird', base64_of(digest(hexed).digest()))], body))
    for name, made in (('sha256_hex', lambda d: d.hex()), ('sha256_base64', base64_of),
                       ('sha256_base64url', lambda d: base64url_of(d).decode())):
        route = config('own', own=own('kind: hmac', 'signed: "a.{{body | %s}}"' % name,
                                      'signature: {in: header.x-bird}'))
        mark = digest(('a.' + made(hashlib.sha256(BODY).digest())).encode()).hexdigest()
        probe.accepts(name, route, request([JSON, ('x-bird', mark)], BODY))
        probe.refuses(name + ', another body', route,
                      request([JSON, ('x-bird', mark)], BODY + b' '))
        code, text = probe.check(route)
        probe.expect(name + ' covers the body', (code, 'only a part' in text), (0, False))



@case
def polar_has_two_kinds_of_secrets(probe):
    """The bytes of base64 behind whsec_, or the text with it; made with hmac alone."""
    new, old = ('whsec_' + base64_of(bytes(range(32))),
                'whsec_' + base64url_of(bytes(range(220, 252))).decode())
    for secret, keys in ((new, (bytes(range(32)), new.encode())),
                         (old, (bytes(range(220, 252)), old.encode())),
                         ('polar_whs_a_word-of-old', (b'polar_whs_a_word-of-old',)),
                         ('whsec_not base64 at all', (b'whsec_not base64 at all',))):
        route = config('polar', [secret])
        for key in keys:
            probe.accepts('%s by %s' % (secret, key), route,
                          request([JSON] + standard('webhook', key=key), BODY))
        for key in (secret.removeprefix('whsec_').encode() + b'x',
                    secret[6:].encode() if secret[:6] == 'whsec_' else b'x', b'\0' * 32):
            probe.refuses('%s by %s' % (secret, key), route,
                          request([JSON] + standard('webhook', key=key), BODY))
    said = probe.accepts('the second of two', config('polar', [old, new]),
                         request([JSON] + standard('webhook', key=bytes(range(32))), BODY))
    probe.expect('which it was', said['secret'], 1)



@case
def own_schemes_stand_before_presets(probe):
    """A preset that comes with an update does not change what a file says."""
    scheme = ('providers:\n  github: {kind: hmac, signed: "ours:{{body}}", signature: {in: '
              'header.x-own}}')
    route = config('github', own=scheme)
    code, text = probe.check(route)
    probe.expect('a warning', (code, 'this definition replaces it' in text), (0, True))
    probe.accepts('by ours', route,
                  request([JSON, ('x-own', digest(b'ours:' + BODY).hexdigest())], BODY))
    probe.refuses('by the preset', route,
                  request([JSON, ('X-Hub-Signature-256', 'sha256=' + digest(BODY).hexdigest())],
                          BODY))


@case
def a_token_proves_every_element(probe):
    """`each` beside a token: one that stands in the head is none of the elements'."""
    body = b'{"items": [{"token": "%s"}, {"token": "%s"}]}' % (SECRET.encode(), SECRET.encode())
    inside = config('own', own=own('kind: token', 'each: "payload.items[*]"',
                                   'signature: {in: item.token}'))
    probe.accepts('in each element', inside, request([JSON], body))
    probe.refuses('in one of them', inside,
                  request([JSON], body.replace(SECRET.encode(), b'another', 1)))
    head = config('own', own=own('kind: token', 'each: "payload.items[*]"',
                                 'signature: {in: header.x-token}'))
    basic = config('own', own=own('kind: basic', 'each: "payload.items[*]"'),
                   secrets=['user:' + SECRET])
    for said in (SECRET, 'another'):
        probe.refuses('a token in the head, ' + said, head,
                      request([JSON, ('x-token', said)], body))
    probe.refuses('basic, another password', basic,
                  request([JSON, ('Authorization', 'Basic ' + base64_of(b'user:another'))], body))


@case
def a_token_signs_no_time(probe):
    """What is not signed tells no two messages apart: the sender's id is the key against replays,
    or there is none."""
    lines = ('kind: token', 'signature: {in: header.x-token}',
             'time: {in: header.x-time, tolerance: 5m}')
    headers = [JSON, ('x-token', SECRET), ('x-time', NOW), ('x-id', 'one')]
    said = probe.accepts('without an id', config('own', own=own(*lines)), request(headers, BODY))
    probe.expect('no key', said['dedupe_key'], '')
    said = probe.accepts('with an id', config('own', own=own(*lines, 'delivery: header.x-id')),
                         request(headers, BODY))
    probe.expect('the id', said['dedupe_key'], 'one')


@case
def what_is_required_holds_without_a_proof(probe):
    """`require` of kind none, in the head and in the body."""
    route = config('own', own=own(
        'kind: none',
        'require: [{value: header.x-a, equals: "1"}, {value: payload.b, equals: "2"}]'), secrets=())
    probe.accepts('both', route, request([JSON, ('x-a', '1')], b'{"b": "2"}'))
    probe.refuses('not in the head', route, request([JSON, ('x-a', '2')], b'{"b": "2"}'))
    probe.refuses('not in the body', route, request([JSON, ('x-a', '1')], b'{"b": "3"}'))


sys.exit(main())
