#!/usr/bin/env python3
"""`secret:` becomes a key in the forms that senders give, and a public key never becomes a shared
one."""
import calendar
import hashlib
import json
import sys
import time
import zlib

from probe import (JSON, NOW, SECRET, base64_of, base64url_of, case, config, digest, main, openssl,
                   request)

OWN_JWS = '''providers:
  own:
    kind: jws
    %s
    signature: {in: header.x-jws}
    jws: {body_claim: sha256, %s}'''
BODY = b'{"a":1}'
SUM = hashlib.sha256(BODY).hexdigest()


def make_key(probe, kind):
    """A private key's file, its public half in PEM and in DER."""
    options = {'rsa': ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'],
               'p256': ['-algorithm', 'EC', '-pkeyopt', 'ec_paramgen_curve:P-256'],
               'ed25519': ['-algorithm', 'ED25519']}
    key = probe.directory / (kind + '.key')
    openssl('genpkey', *options[kind], '-out', key)
    return (key, openssl('pkey', '-in', key, '-pubout').decode(),
            openssl('pkey', '-in', key, '-pubout', '-outform', 'DER'))


def sign(probe, key, text):
    """By the key's own kind; ECDSA as r and s."""
    if 'ed25519' in key.name:
        (probe.directory / 'text').write_bytes(text)
        return openssl('pkeyutl', '-sign', '-inkey', key, '-rawin', '-in', probe.directory / 'text')
    mark = openssl('dgst', '-sha256', '-sign', key, data=text)
    if 'p256' not in key.name:
        return mark
    r = mark[4:4 + mark[3]]
    return b''.join(int.from_bytes(n, 'big').to_bytes(32, 'big') for n in (r, mark[6 + len(r):]))


def message(mark, algorithm=None):
    """An HTTP message whose signature base `mark` signs."""
    value = 'sha-256=:%s:' % base64_of(hashlib.sha256(BODY).digest())
    parameters = '("content-digest");created=%d' % NOW + (';alg="%s"' % algorithm if algorithm
                                                          else '')
    base = '"content-digest": %s\n"@signature-params": %s' % (value, parameters)
    return request([JSON, ('Content-Digest', value), ('Signature-Input', 's=' + parameters),
                    ('Signature', 's=:%s:' % base64_of(mark(base.encode())))], BODY)


def jws(mark, alg, **claims):
    text = b'.'.join(base64url_of(json.dumps(part).encode()) for part in ({'alg': alg, 'kid': 'k1'},
                                                                          claims))
    return text.decode() + '.' + base64url_of(mark(text)).decode()


def refuses_to_load(probe, what, route, word):
    code, said = probe.check(route)
    probe.expect(what, (code, word in said), (1, True))


@case
def public_keys_are_no_shared_keys(probe):
    _, pem, der = make_key(probe, 'rsa')
    for what, secret in (('PEM', pem), ('PEM behind a comment', '# our key\n' + pem),
                         ('DER', base64_of(der)), ('PEM, indented', ' ' + pem)):
        for provider in ('github', 'standard-webhooks', 'gitlab', 'netlify', 'contentful-webhook'):
            refuses_to_load(probe, '%s for %s' % (what, provider), config(provider, [secret]),
                            'secret')
    refuses_to_load(probe, 'PEM behind a comment', config('rfc9421', ['# our key\n' + pem]),
                    'BEGIN')
    refuses_to_load(probe, 'DER', config('rfc9421', [base64_of(der)]), 'public key')
    refuses_to_load(probe, 'PEM and hmac', config('rfc9421', [pem], {'algorithm': 'hmac-sha256'}),
                    'shared')
    for algorithm in ('ed25519', 'ecdsa-p256-sha256'):
        refuses_to_load(probe, 'RSA and ' + algorithm,
                        config('rfc9421', [pem], {'algorithm': algorithm}), 'kind')
    refuses_to_load(probe, 'a text and RSA',
                    config('rfc9421', beside={'algorithm': 'rsa-pss-sha512'}), 'PEM')
    refuses_to_load(probe, 'an algorithm', config('rfc9421', beside={'algorithm': 'rsa'}),
                    'algorithm')
    refuses_to_load(probe, 'an encoding', config('rfc9421', beside={'encoding': 'hex'}), 'encoding')


@case
def the_algorithm_fixes_the_key(probe):
    key, pem, _ = make_key(probe, 'ed25519')
    for beside in ({}, {'algorithm': 'ed25519'}):
        route = config('rfc9421', ['\n' + pem], beside)
        probe.accepts('ed25519', route, message(lambda text: sign(probe, key, text)))
        probe.refuses('HMAC of the PEM', route, message(lambda text: digest(text, pem).digest()))
    shared = message(lambda text: digest(text).digest(), 'hmac-sha256')
    for beside in ({}, {'algorithm': 'hmac-sha256'}):
        probe.accepts('shared', config('rfc9421', beside=beside), shared)


@case
def jws_keys_fit_their_algorithm(probe):
    for what, keys, algorithm in (('public', 'key: {encoding: public}', ''),
                                  ('text', '', 'algorithm: ES256'),
                                  ('certificate', 'key: {encoding: certificate}',
                                   'algorithm: HS256'),
                                  ('base64', 'key: {encoding: base64}', 'algorithm: RS256')):
        refuses_to_load(probe, what, config('own', own=OWN_JWS % (keys, algorithm)), 'key.encoding')
    for kind, alg in (('rsa', 'RS256'), ('p256', 'ES256')):
        key, pem, _ = make_key(probe, kind)
        route = config('own', [pem], own=OWN_JWS % ('key: {encoding: public}', 'algorithm: ' + alg))
        token = jws(lambda text: sign(probe, key, text), alg, sha256=SUM)
        probe.accepts(alg, route, request([JSON, ('x-jws', token)], BODY))


@case
def times_in_claims_are_judged(probe):
    for what, claims, wanted in (('not yet over', {'exp': NOW + 1}, probe.accepts),
                                 ('over', {'exp': NOW}, probe.refuses),
                                 ('of no time', {'exp': [NOW + 9]}, probe.refuses),
                                 ('of a text', {'exp': 'never'}, probe.refuses),
                                 ('valid', {'nbf': NOW}, probe.accepts),
                                 ('valid within a minute', {'nbf': NOW + 60}, probe.accepts),
                                 ('not yet valid', {'nbf': NOW + 61}, probe.refuses),
                                 ('valid from no time', {'nbf': {}}, probe.refuses)):
        token = jws(lambda text: digest(text).digest(), 'HS256', iss='netlify', sha256=SUM,
                    **claims)
        wanted(what, config('netlify'), request([JSON, ('X-Webhook-Signature', token)], BODY))


@case
def base64url_is_written_in_one_way(probe):
    mark = base64url_of(digest(b'%d000.' % NOW + BODY).digest()).decode()
    for text, wanted in ((mark, probe.accepts), (mark + '=', probe.refuses),
                         (mark + '==', probe.refuses)):
        value = 't=%d000,v1=%s' % (NOW, text)
        wanted(text, config('sanity'), request([JSON, ('sanity-webhook-signature', value)], BODY))


def jwk_of(der, **more):
    """A P-256 key's point is the end of its DER."""
    return {'kty': 'EC', 'crv': 'P-256', 'x': base64url_of(der[-64:-32]).decode(),
            'y': base64url_of(der[-32:]).decode(), **more}


@case
def json_web_keys_are_chosen_by_name(probe):
    der = make_key(probe, 'p256')[2]
    key, _, other = make_key(probe, 'p256')
    token = jws(lambda text: sign(probe, key, text), 'ES256', iat=NOW, request_body_sha256=SUM)
    sent = request([JSON, ('Plaid-Verification', token)], BODY)
    right, named = jwk_of(other), jwk_of(other, kid='k1')
    for what, secret, wanted in (
            ('a key', right, probe.accepts), ('its name', named, probe.accepts),
            ('another name', jwk_of(other, kid='k2'), probe.refuses),
            ('a set', {'keys': [jwk_of(der, kid='k0'), named]}, probe.accepts),
            ('a set with names exchanged',
             {'keys': [jwk_of(der, kid='k1'), jwk_of(other, kid='k2')]}, probe.refuses),
            ('as Plaid gives it', {'key': named, 'request_id': 'x'}, probe.accepts),
            ('all that it has', {**named, 'created_at': 1, 'expired_at': None, 'alg': 'ES256',
                                 'use': 'sig'}, probe.accepts)):
        wanted(what, config('plaid', [json.dumps(secret)]), sent)
    for what, secret, word in (('a private key', {**named, 'd': named['x']}, 'private'),
                               ('a shared key', {'kty': 'oct', 'k': 'AAAA'}, 'neither EC'),
                               ('an empty set', {'keys': []}, 'no JSON Web Key'),
                               ('another curve', {**named, 'crv': 'P-521'}, 'P-256'),
                               ('a short number', {**named, 'x': 'AAAA'}, '32 bytes'),
                               ('no number', {**named, 'x': 1}, '"x"'),
                               ('a long name', {**named, 'kid': 'k' * 100}, 'kid')):
        refuses_to_load(probe, what, config('plaid', [json.dumps(secret)]), word)


@case
def rsa_keys_come_as_numbers(probe):
    key, pem, _ = make_key(probe, 'rsa')
    modulus = openssl('rsa', '-in', key, '-noout', '-modulus').decode().split('=')[1].strip()
    jwk = {'kty': 'RSA', 'n': base64url_of(bytes.fromhex(modulus)).decode(), 'e': 'AQAB'}
    route = config('own', [json.dumps(jwk)],
                   own=OWN_JWS % ('key: {encoding: public}', 'algorithm: RS256'))
    token = jws(lambda text: sign(probe, key, text), 'RS256', sha256=SUM)
    probe.accepts('RSA', route, request([JSON, ('x-jws', token)], BODY))


@case
def bundles_are_several_keys(probe):
    keys = [make_key(probe, kind) for kind in ('p256', 'ed25519')]
    route = config('rfc9421', [keys[0][1] + '\n' + keys[1][1]])
    for key, _, _ in keys:
        probe.accepts(key.name, route, message(lambda text: sign(probe, key, text)))
    for what, text in (('between', keys[0][1] + 'text\n' + keys[1][1]),
                       ('behind', keys[0][1] + 'text'),
                       ('cut', keys[0][1][:-20]), ('private', keys[0][1] + keys[0][0].read_text())):
        refuses_to_load(probe, what, config('rfc9421', [text]), 'secret')
    refuses_to_load(probe, 'seventeen', config('rfc9421', [keys[0][1] * 17]), '16 keys')


@case
def base64_of_secrets_is_copied_in_any_way(probe):
    raw = bytes(range(200, 231))
    text = base64_of(raw)
    signed = digest(b'm.%d.' % NOW + BODY, raw).digest()
    sent = request([JSON, ('webhook-id', 'm'), ('webhook-timestamp', NOW),
                    ('webhook-signature', 'v1,' + base64_of(signed))], BODY)
    for secret in (text, text.rstrip('='), 'whsec_' + text.rstrip('='), base64url_of(raw).decode(),
                   'whsec_' + text + '\n'):
        probe.accepts(secret, config('standard-webhooks', [secret]), sent)
    for secret in ('whsec_!!!', 'whsec_' + text[:-3], text[:-2] + 'B='):
        refuses_to_load(probe, secret, config('standard-webhooks', [secret]), 'not base64')


def ended(probe, what, provider, secret, sent, end, word, beside=None):
    """Taken before its end, refused from then on; `check` says so."""
    route = config(provider, [secret], beside)
    probe.accepts(what + ' before', route, sent(end - 1), end - 1)
    for now in (end, end + 1):
        said = probe.refuses(what + ' at %d' % (now - end), route, sent(now), now=now)
        probe.expect('the reason', 'has expired' in said['reason'], True)
    code, text = probe.check(route)
    probe.expect(what + ' in check', (code, word in text, stamp(end) in text), (0, True, True))


def stamp(seconds):
    return time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(seconds))


@case
def keys_that_name_their_end_are_refused_after_it(probe):
    key, _, der = make_key(probe, 'p256')
    point = der[-64:]
    jwk = {'alg': 'ES256', 'crv': 'P-256', 'kid': 'k1', 'kty': 'EC', 'use': 'sig',
           'created_at': NOW - 9,
           'x': base64url_of(point[:32]).decode(), 'y': base64url_of(point[32:]).decode()}
    def sent(now):
        text = jws(lambda t: sign(probe, key, t), 'ES256', iat=now, request_body_sha256=SUM)
        return request([JSON, ('Plaid-Verification', text)], BODY)
    coming = int(time.time()) + 90 * 86400
    for what, end, word in (('passed', NOW, 'expired at'), ('to come', coming, 'expires at')):
        for name in ('expired_at', 'exp'):
            for form in (lambda k: k, lambda k: {'key': k, 'request_id': 'r'},
                         lambda k: {'keys': [k]}):
                ended(probe, '%s %s' % (what, name), 'plaid', json.dumps(form({**jwk, name: end})),
                      sent, end, word)
    for never in ({}, {'expired_at': None}):
        route = config('plaid', [json.dumps({**jwk, **never})])
        probe.accepts('no end', route, sent(coming), coming)
        code, text = probe.check(route)
        probe.expect('no end in check', (code, 'expired' in text, 'expires' in text),
                     (0, False, False))
    for wrong in ('soon', 1.5, -1, 0, True, [NOW], '%d' % NOW, 10**14):
        refuses_to_load(probe, 'an end that is %s' % wrong,
                        config('plaid', [json.dumps({**jwk, 'expired_at': wrong})]), 'not a time')
    route = config('plaid', [json.dumps({**jwk, 'expired_at': NOW * 1000})])
    probe.refuses('an end in milliseconds', route, sent(NOW), now=NOW)
    # of two, one has ended: the other goes on
    other = {**jwk, 'kid': 'other', 'expired_at': NOW - 1}
    probe.accepts('beside one that has ended',
                  config('plaid', [json.dumps({'keys': [other, jwk]})]), sent(NOW))


@case
def certificates_end_too(probe):
    key, file = probe.directory / 'ends.key', probe.directory / 'ends.crt'
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', file, '-days',
            2, '-subj', '/CN=ends')
    text = openssl('x509', '-in', file, '-noout', '-enddate').decode().split('=')[1].strip()
    end = calendar.timegm(time.strptime(text, '%b %d %H:%M:%S %Y %Z'))
    def sent(now):
        signed = b'd|%s|WH-1|%d' % (stamp(now).encode() + b'Z', zlib.crc32(BODY))
        mark = base64_of(openssl('dgst', '-sha256', '-sign', key, data=signed))
        return request([JSON, ('paypal-transmission-id', 'd'),
                        ('paypal-transmission-time', stamp(now) + 'Z'),
                        ('paypal-transmission-sig', mark), ('paypal-auth-algo', 'SHA256withRSA')],
                       BODY)
    ended(probe, 'a certificate', 'paypal-pinned', file.read_text(), sent, end, 'expires at',
          {'webhook_id': 'WH-1'})


@case
def raw_keys_are_told_how_to_be_written(probe):
    key, _, der = make_key(probe, 'ed25519')
    raw, own = (der[-32:], 'providers:\n  own: {kind: ed25519, key: {encoding: %s}, signed: '
                '"{{body}}", signature: {in: header.x, encoding: base64}}')
    sent = request([JSON, ('x', base64_of(sign(probe, key, BODY)))], BODY)
    jwk = json.dumps({'kty': 'OKP', 'crv': 'Ed25519', 'x': base64url_of(raw).decode()})
    for text, encoding in ((raw.hex(), 'hex'), (raw.hex().upper(), 'hex'),
                           (base64_of(raw), 'base64'), (base64url_of(raw).decode(), 'base64')):
        refuses_to_load(probe, text, config('own', [text], own=own % 'public'),
                        '{encoding: %s}' % encoding)
        probe.accepts(text, config('own', [text], own=own % encoding), sent)
        refuses_to_load(probe, text, config('rfc9421', [text], {'algorithm': 'ed25519'}),
                        'JSON Web Key')
    probe.accepts('a JSON Web Key', config('own', [jwk], own=own % 'public'), sent)
    probe.accepts('DER', config('own', [base64_of(der)], own=own % 'public'), sent)


# y of the points of order 1, 2, 4 and 8, and what is the same past the prime
SMALL = [0, 1, 2**255 - 20, 2**255 - 19, 2**255 - 18,
         *(int.from_bytes(bytes.fromhex(text), 'little')
           for text in ('26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
                        'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a'))]


@case
def keys_of_small_order_are_refused(probe):
    for number in SMALL + [y + 2**255 for y in SMALL]:
        raw = number.to_bytes(32, 'little')
        der = bytes.fromhex('302a300506032b6570032100') + raw
        pem = '-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n' % base64_of(der)
        jwk = json.dumps({'kty': 'OKP', 'crv': 'Ed25519', 'x': base64url_of(raw).decode()})
        for provider, secret in (('discord', raw.hex()), ('rfc9421', pem), ('rfc9421', jwk)):
            refuses_to_load(probe, '%s as %s' % (raw.hex(), provider), config(provider, [secret]),
                            'small order')
    probe.expect('the base point', probe.check(config('discord', ['58' + '66' * 31]))[0], 0)


sys.exit(main())
