#!/usr/bin/env python3
"""JSON Web Signatures: for whom a token was made, for which body and which address, is held against
the route."""
import base64
import hashlib
import hmac
import json
import sys

from probe import (JSON, NOW, SECRET, URL, base64_of, base64url_of, case, config, main, openssl,
                   request)

BODY = b'{"id": "evt_1", "event": "made"}'
SUM = hashlib.sha256(BODY).digest()


def own(*members, **keys):
    """A scheme `own`: a token in Authorization, with those members of jws."""
    lines = {'kind': 'jws', 'signature': '{in: header.authorization, prefix: "Bearer "}',
             'jws': '{%s}' % ', '.join(members), **keys}
    return 'providers:\n  own:\n' + '\n'.join('    %s: %s' % line for line in lines.items())


def token(claims, sign=None, alg='HS256', **head):
    text = b'.'.join(base64url_of(json.dumps(part).encode()) for part in ({'alg': alg, **head},
                                                                          claims))
    mark = sign(text) if sign else hmac.digest(SECRET.encode(), text, 'sha256')
    return (text + b'.' + base64url_of(mark)).decode()


def sent(claims, body=BODY, target='/in/x', **keys):
    return request([JSON, ('Authorization', 'Bearer ' + token(claims, **keys))], body, target)


def make_rsa(probe):
    key = probe.directory / 'issuer.key'
    openssl('genpkey', '-algorithm', 'rsa', '-pkeyopt', 'rsa_keygen_bits:2048', '-out', key)
    return ((lambda text: openssl('dgst', '-sha256', '-sign', key, data=text)),
            openssl('pkey', '-in', key, '-pubout').decode())


GOOGLE = ('algorithm: RS256', 'issuer: "https://accounts.google.com"',
          'audience: "{{parameter.audience}}"',
          'claims: {email: "{{parameter.email}}", email_verified: true}')


@case
def claims_are_held_against_the_route(probe):
    sign, public = make_rsa(probe)
    keys = {'key': '{encoding: public}', 'parameters': 'audience', 'optional': 'email'}
    beside = {'audience': 'https://hooks.example.test/ps',
              'email': 'ps@ours.iam.gserviceaccount.com'}
    route = config('own', [public], beside, own=own(*GOOGLE, **keys))
    ours = {'iss': 'https://accounts.google.com', 'aud': beside['audience'],
            'email': beside['email'], 'email_verified': True, 'sub': '1', 'exp': NOW + 3600}
    def said(**claims):
        return sent({k: v for k, v in {**ours, **claims}.items() if v is not None}, sign=sign,
                    alg='RS256')
    probe.accepts('as it should be', route, said())
    probe.accepts('one of several audiences', route,
                  said(aud=['https://other', beside['audience']]))
    for claims in ({'aud': 'https://other'}, {'aud': ['https://other']}, {'aud': []}, {'aud': None},
                   {'aud': [[beside['audience']]]}, {'aud': {'a': beside['audience']}},
                   {'aud': beside['audience'] + 'x'}, {'aud': beside['audience'].upper()},
                   {'aud': beside['audience'] + ' https://other'},
                   {'iss': 'https://accounts.google.com.evil'}, {'iss': None}, {'iss': ''},
                   {'email': 'evil@gmail.com'}, {'email': None}, {'email_verified': False},
                   {'email_verified': None}, {'exp': NOW}):
        reason = probe.refuses('with %s' % claims, route, said(**claims))['reason']
        probe.expect('the reason', any(word in reason for word in ('issuer', 'audience', 'email',
                                                                   'expired')), True)
    loose = config('own', [public], {'audience': beside['audience']}, own=own(*GOOGLE, **keys))
    probe.accepts('an e-mail that the route leaves out', loose, said(email='other@gmail.com'))
    probe.refuses('and the audience all the same', loose, said(aud='https://other'))
    code, text = probe.check(config('own', [public], {}, own=own(*GOOGLE, **keys)))
    probe.expect('a parameter that has to be there', (code, 'audience' in text), (1, True))


@case
def tokens_for_anybody_are_warned_of(probe):
    public = make_rsa(probe)[1]
    anybody = 'accepts every token that the issuer'
    for what, members, beside, wanted in (
            ('no claim', (), {}, True),
            ('the issuer alone', ('issuer: "https://accounts.google.com"',), {}, True),
            ('an audience', ('audience: "https://h/x"',), {}, False),
            ('an e-mail', ('claims: {email: "a@b"}',), {}, False),
            ('an audience that is left out', ('audience: "{{parameter.audience}}"',), {}, True),
            ('an audience of the route', ('audience: "{{parameter.audience}}"',),
             {'audience': 'https://h/x'}, False),
            ('the digest of the body', ('body_claim: digest',), {}, False)):
        scheme = own('algorithm: RS256', *members, key='{encoding: public}', optional='audience')
        code, text = probe.check(config('own', [public], beside, own=scheme))
        probe.expect(what, (code, anybody in text), (0, wanted))
    code, text = probe.check(config('own', own=own('algorithm: HS256')))
    probe.expect('a shared key', (code, anybody in text), (0, False))


@case
def digests_of_the_body_come_in_all_spellings(probe):
    route = config('own', own=own('algorithm: HS256', 'body_claim: sum'))
    plain = base64_of(SUM + b'')
    for text in (SUM.hex(), SUM.hex().upper(), plain, plain.rstrip('='),
                 base64.urlsafe_b64encode(SUM).decode(), base64url_of(SUM).decode()):
        probe.accepts(text, route, sent({'sum': text}))
        probe.refuses(text + ', another body', route, sent({'sum': text}, BODY + b' '))
    for text in (SUM.hex(), plain):
        for wrong in (text[:-2], text + 'A', 'A' + text[1:], text + text):
            probe.refuses(wrong, route, sent({'sum': wrong}))
    for claims in ({}, {'sum': ''}, {'sum': None}, {'sum': [plain]}, {'sum': True},
                   {'sum': hashlib.sha1(BODY).hexdigest()}):
        probe.refuses('with %s' % claims, route, sent(claims))
    empty = base64_of(hashlib.sha256(b'').digest())
    raw = '    content: raw'
    for optional, lacks in (('false', probe.refuses), ('true', probe.accepts)):
        route = config('own', own=own('algorithm: HS256', 'body_claim: sum',
                                      'body_claim_optional: ' + optional), extra=raw)
        lacks('an empty body without a digest', route, sent({}, b''))
        probe.accepts('an empty body with its digest', route, sent({'sum': empty}, b''))
        probe.refuses('a body without a digest', route, sent({}, b'x'))
        probe.refuses('an empty body with the digest of another', route, sent({'sum': plain}, b''))


@case
def addresses_are_held_against_claims(probe):
    """As they are (QStash), as a digest (MessageBird); by public_url, and by Host where there is
    none."""
    def digest(url):
        return hashlib.sha256(url.encode()).hexdigest()
    for member, made in (('claims: {sub: "{{url}}"}', str),
                         ('claims: {sub: "{{url | sha256_hex}}"}', digest),
                         ('claims: {sub: "{{url | sha256_base64}}"}',
                          lambda url: base64_of(bytes.fromhex(digest(url)))),
                         ('claims: {sub: "{{url | sha256_base64url}}"}',
                          lambda url: base64url_of(bytes.fromhex(digest(url))).decode())):
        route = config('own', own=own('algorithm: HS256', member))
        probe.accepts(member, route, sent({'sub': made(URL)}))
        probe.accepts('a query', route, sent({'sub': made(URL + '?a=1')}, target='/in/x?a=1'))
        for url, target in ((URL + 'y', '/in/x'), (URL, '/in/x?a=1'), (URL + '?a=1', '/in/x?a=2'),
                            (URL + '/', '/in/x'), (URL[:-1], '/in/x')):
            probe.refuses('%s at %s' % (url, target), route,
                          sent({'sub': made(url)}, target=target))
        probe.refuses('no address', route, sent({}))
        bare = config('own', public_url=None, own=own('algorithm: HS256', member))
        probe.accepts('by Host, without TLS', bare,
                      sent({'sub': made(URL.replace('https', 'http'))}))
        probe.refuses('with TLS where no listener has it', bare, sent({'sub': made(URL)}))
        code, text = probe.check(bare)
        probe.expect('without public_url', (code, 'public_url' in text), (0, True))
        probe.refuses('with a port', route, sent({'sub': made(URL.replace('.test', '.test:443'))}))
        probe.accepts('with a port, in any spelling',
                      config('own', own=own('algorithm: HS256', member, url='any_spelling')),
                      sent({'sub': made(URL.replace('.test', '.test:443'))}))


@case
def claims_name_delivery_and_event(probe):
    scheme = own('algorithm: HS256', delivery='claim.jti', event='claim["https://ours/type"]',
                 require='[{value: "claim.realm.roles[0]", equals: admin}]')
    route = config('own', own=scheme)
    claims = {'jti': 'j-1', 'https://ours/type': 'made', 'realm': {'roles': ['admin']}, 'iat': NOW}
    said = probe.accepts('as it should be', route, sent(claims))
    probe.expect('its names', (said['delivery'], said['event'], said['dedupe_key']),
                 ('j-1', 'made', 'j-1'))
    probe.refuses('another role', route, sent({**claims, 'realm': {'roles': ['guest', 'admin']}}))
    probe.refuses('no role', route, sent({**claims, 'realm': 'admin'}))
    # the id of a body that the token does not cover is not signed
    # and a token that does not cover it may come with many messages, as Google's do for an hour
    route = config('own', own=own('algorithm: HS256', delivery='payload.id'))
    keys = [probe.accepts('a body apart', route,
                          sent({'iat': NOW}, b'{"id": "%d"}' % n))['dedupe_key'] for n in (1, 2)]
    probe.expect('their keys', keys, ['1', '2'])
    said = probe.accepts('no id', config('own', own=own('algorithm: HS256')), sent({'iat': NOW}))
    probe.expect('its key', said['dedupe_key'], '')
    said = probe.accepts('a body within',
                         config('own', own=own('algorithm: HS256', 'body_claim: sum',
                                               delivery='payload.id')),
                         sent({'iat': NOW, 'sum': SUM.hex()}))
    probe.expect('its key', said['dedupe_key'], 'evt_1')
    said = probe.accepts('a body within',
                         config('own', own=own('algorithm: HS256', 'body_claim: sum')),
                         sent({'iat': NOW, 'sum': SUM.hex()}))
    probe.expect('its key', len(said['dedupe_key']), 64)


@case
def clocks_may_differ_by_a_minute(probe):
    route = config('own', own=own('algorithm: HS256'))
    for claims, wanted in (({'nbf': NOW}, probe.accepts), ({'nbf': NOW + 60}, probe.accepts),
                           ({'nbf': NOW + 61}, probe.refuses), ({'exp': NOW + 1}, probe.accepts),
                           ({'exp': NOW}, probe.refuses), ({'exp': 'soon'}, probe.refuses)):
        wanted('with %s' % claims, route, sent(claims))
    probe.refuses('no leeway', config('own', own=own('algorithm: HS256', 'ahead: 0ms')),
                  sent({'nbf': NOW + 1}))


@case
def claims_are_described_rightly(probe):
    for what, scheme, said in (
            ('a parameter that nobody names',
             own('algorithm: HS256', 'audience: "{{parameter.other}}"'), 'parameter.other'),
            ('the body', own('algorithm: HS256', 'claims: {sub: "{{payload.id}}"}'),
             'cannot be the required value'),
            ('the key', own('algorithm: HS256', 'claims: {sub: "{{secret}}"}'),
             'cannot be the required value'),
            ('nothing', own('algorithm: HS256', 'claims: {sub: ""}'), 'is empty'),
            ('a list', own('algorithm: HS256', 'claims: [sub]'), 'a map of strings'),
            ('two filters', own('algorithm: HS256', 'claims: {sub: "{{url | json | sha256_hex}}"}'),
             'more than one filter'),
            ('claims of another kind', 'providers:\n  own: {kind: hmac, signed: "{{body}}", '
             'signature: {in: header.x}, delivery: claim.jti}', 'only kind jws')):
        code, text = probe.check(config('own', own=scheme))
        probe.expect(what, (code, text if said not in text else said), (1, said))


sys.exit(main())
