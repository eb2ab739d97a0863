#!/usr/bin/env python3
"""What somebody without the key can do with the answers and the messages of others is refused."""
import hashlib
import json
import sys
import urllib.parse

from probe import (FORM, JSON, NOW, SECRET, TIME, URL, base64_of, base64url_of, case,
                   config, digest, main, openssl, request)


# A greeting that signs what a stranger sends must never sign what could be an event.


@case
def x_token_is_no_event(probe):
    route = config('x-twitter')
    for event in (b'{"evil":1}', b'[{"evil":1}]', b'"evil"', b' 1'):
        asked = '/in/x?crc_token=' + urllib.parse.quote(event)
        probe.refuses('a token that is %s' % event, route, request([], b'', asked, 'GET'), 400)
    probe.refuses('a token of 257', route, request([], b'', '/in/x?crc_token=' + 'a' * 257, 'GET'),
                  400)
    said = probe.accepts('a token', route, request([], b'', '/in/x?crc_token=1234', 'GET'))
    mark = json.loads(said['answer']['body'])['response_token']
    probe.refuses('a token sent as an event', route,
                  request([JSON, ('x-twitter-webhooks-signature', mark)], b'1234'))
    mark = 'sha256=' + base64_of(digest(b'{"a":1}').digest())
    probe.accepts('an event', route,
                  request([JSON, ('x-twitter-webhooks-signature', mark)], b'{"a":1}'))


@case
def braintree_challenge_is_no_payload(probe):
    route, challenge = config('braintree',
                              beside={'public_key': 'pk'}), '20f9f8ed05f77439fe955c977e4c8a53'
    said = probe.accepts('a challenge', route,
                         request([], b'', '/in/x?bt_challenge=' + challenge, 'GET'))
    mark = digest(challenge.encode(), hashlib.sha1(SECRET.encode()).digest(), 'sha1').hexdigest()
    probe.expect('the answer', said['answer']['body'], 'pk|' + mark)
    form = urllib.parse.urlencode({'bt_signature': 'pk|' + mark, 'bt_payload': challenge})
    probe.refuses('a challenge sent as a payload', route, request([FORM], form.encode()))


@case
def own_greeting_wants_a_bound(probe):
    own = '''providers:
  acme:
    kind: hmac
    signed: "{{body}}"
    signature: {in: header.x-acme}
    handshake: {when: {value: query.ask, exists: true}, %s body: "{{query.ask | hmac_hex}}"}'''
    bound = 'expect: {value: query.ask, matches: "[0-9a-f]{8,64}"},'
    for what, keys, code in (('unbounded', 'authenticated: false,', 1), ('signed', '', 0),
                             ('bounded', 'authenticated: false, ' + bound, 0)):
        got, said = probe.check(config('acme', own=own % keys))
        probe.expect('a greeting that is ' + what, (got, 'matches' in said), (code, code == 1))


@case
def zoom_is_answered_with_its_key(probe):
    body = b'{"event":"endpoint.url_validation","payload":{"plainToken":"abc"}}'
    for secrets in (['another secret', SECRET], [SECRET, 'another secret']):
        mark = 'v0=' + digest(b'v0:%d:' % NOW + body).hexdigest()
        headers = [JSON, ('x-zm-request-timestamp', NOW), ('x-zm-signature', mark)]
        said = probe.accepts('a greeting', config('zoom', secrets), request(headers, body))
        probe.expect('its answer', json.loads(said['answer']['body'])['encryptedToken'],
                     digest(b'abc').hexdigest())


# Amazon's text is the names and values of members, a line each: no other message may have the same
# text.

ARN = 'arn:aws:sns:us-west-2:123456789012:Ours'
SNS = {'Type': 'Notification', 'MessageId': 'id1', 'TopicArn': ARN, 'Subject': 's', 'Message': 'hi',
       'Timestamp': '2012-05-02T00:54:06.655Z', 'SignatureVersion': '2',
       'SigningCertURL': 'https://sns.us-west-2.amazonaws.com/x.pem'}
SIGNED = ['Message', 'MessageId', 'Subject', 'SubscribeURL', 'Timestamp', 'Token', 'TopicArn',
          'Type']


def make_certificate(probe, name):
    key, certificate = probe.directory / (name + '.key'), probe.directory / (name + '.crt')
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', key, '-out', certificate,
            '-days', 2, '-subj', '/CN=' + name)
    return key, certificate.read_text()


def sns(key, drop=(), **members):
    """A signed message, as a mapping."""
    message = {name: value for name, value in {**SNS, **members}.items() if name not in drop}
    text = ''.join('%s\n%s\n' % (name, message[name]) for name in SIGNED if name in message)
    return {**message,
            'Signature': base64_of(openssl('dgst', '-sha256', '-sign', key, data=text.encode()))}


@case
def sns_text_has_one_reading(probe):
    key, certificate = make_certificate(probe, 'sns')
    route = config('aws-sns', [certificate], {'topic': ARN})
    signed = sns(key)
    def sent(message, **changes):
        message = {**message, **changes}
        return request([JSON],
                       json.dumps({k: v for k, v in message.items() if v != 'gone'}).encode())
    said = probe.accepts('as signed', route, sent(signed))
    probe.expect('its key', said['dedupe_key'], 'id1')
    probe.accepts('without a subject', route, sent(sns(key, ['Subject'])))
    probe.accepts('without a subject, which is null', route,
                  sent(sns(key, ['Subject']), Subject=None))
    probe.accepts('a message of lines', route, sent(sns(key, Message='a\nb\nType\nTimestamp\n')))
    for what, changes in {
            'the id in the message': {'Message': 'hi\nMessageId\nid1', 'MessageId': 'gone'},
            'the id in the message, another': {'Message': 'hi\nMessageId\nid1', 'MessageId': 's',
                                               'Subject': 'gone'},
            'the subject in the id': {'MessageId': 'id1\nSubject\ns', 'Subject': 'gone'},
            'the time in the subject': {'Subject': 's\nTimestamp\n' + SNS['Timestamp'],
                                        'Timestamp': 'gone'}, 'all in the message': {
            'Message': 'hi\nMessageId\nid1\nSubject\ns\nTimestamp\n%s\nTopicArn\n%s' % (
            SNS['Timestamp'], ARN), 'MessageId': 'gone', 'Subject': 'gone', 'Timestamp': 'gone',
            'TopicArn': 'gone'}, 'a subject that is not signed': {'Subject': {'a': 1}},
            'an id that is a number': {'MessageId': 1}}.items():
        probe.refuses(what, route, sent(signed, **changes))
    for name in ('Message', 'MessageId', 'Timestamp', 'TopicArn'):
        probe.refuses('signed without ' + name, route, sent(sns(key, [name])))
    subscription = {'Type': 'SubscriptionConfirmation', 'SubscribeURL': 'https://sns/',
                    'Token': 't'}
    probe.accepts('a subscription', route, sent(sns(key, ['Subject'], **subscription)))
    for name in ('SubscribeURL', 'Token'):
        probe.refuses('a subscription without ' + name, route,
                      sent(sns(key, ['Subject', name], **subscription)))
    probe.refuses('a message with a following name', route,
                  sent(sns(key, Message='a\nMessageId\nb')))


@case
def sns_certificates_come_as_files(probe):
    """One, a bundle, a directory, a list; whoever may read them."""
    folder = probe.directory / 'certificates'
    folder.mkdir()
    keys = []
    for name in ('a', 'b'):
        key, certificate = make_certificate(probe, name)
        (folder / (name + '.pem')).write_text(certificate)
        keys.append((key, certificate))
    (folder / '.hidden').write_text('no certificate')
    (probe.directory / 'bundle').write_text(keys[0][1] + keys[1][1])
    sent = [request([JSON], json.dumps(sns(key)).encode()) for key, _ in keys]
    for secret in ('{file: bundle}', '{file: certificates}',
                   '[{file: certificates/a.pem}, {file: certificates/b.pem}]'):
        route = config('aws-sns', [], {'topic': ARN}, extra='    secret: ' + secret)
        for message in sent:
            probe.accepts(secret, route, message)
    route = config('aws-sns', [], {'topic': ARN}, extra='    secret: {file: certificates}')
    (folder / 'c.pem').write_text(keys[0][0].read_text())
    for mode, word in ((0o644, 'chmod o-rwx'), (0o600, 'certificate')):
        (folder / 'c.pem').chmod(mode)
        code, said = probe.check(route)
        probe.expect('a private key beside them', (code, word in said), (1, True))
    (folder / 'c.pem').write_text(keys[0][1])
    for what, mode in (('a directory', folder), ('a file', folder / 'a.pem')):
        mode.chmod(0o777)
        code, said = probe.check(route)
        probe.expect(what + ' for everybody to write', (code, 'every user' in said), (1, True))
        mode.chmod(0o755)
    (folder / 'sub').mkdir()
    code, said = probe.check(route)
    probe.expect('a directory in it', (code, 'is a directory' in said), (1, True))


@case
def sns_topic_is_pinned(probe):
    key, certificate = make_certificate(probe, 'sns')
    sent = request([JSON], json.dumps(sns(key)).encode())
    for topics, wanted in ((ARN, probe.accepts), (ARN + 'X', probe.refuses),
                           (ARN[:-1], probe.refuses),
                           ('arn:aws:sns:eu-west-1:1:Other ' + ARN, probe.accepts)):
        wanted('topic: ' + topics, config('aws-sns', [certificate], {'topic': topics}), sent)
    code, said = probe.check(config('aws-sns', [certificate]))
    probe.expect('a warning without topic', (code, 'every topic' in said), (0, True))


# A message that was seen is known again, however its signature is written the second time.


def same_key(probe, what, route, messages):
    """All are accepted, under one key that is there."""
    keys = {probe.accepts('%s %d' % (what, i), route, m).get('dedupe_key')
            for i, m in enumerate(messages)}
    probe.expect(what + ': one key', (len(keys), '' in keys), (1, False))
    return keys


@case
def listed_signatures_have_one_key(probe):
    body = b'{"event":"invitee.created","type":"x","trigger":"X"}'
    for provider, header in (('calendly', 'Calendly-Webhook-Signature'),
                             ('stripe', 'Stripe-Signature'),
                             ('tailscale', 'Tailscale-Webhook-Signature')):
        signed = b'%d.' % NOW + body
        mark, other = digest(signed).hexdigest(), digest(signed, 'another secret').hexdigest()
        lists = [f'v1={mark}', f'v1=00,v1={mark}', f'v1=01,v1={mark}', f'v1={mark},v1={other}',
                 f'v1={other},v1={mark}', f'v1={other}']
        route = config(provider, [SECRET, 'another secret'])
        sent = [request([JSON, (header, 't=%d,%s' % (NOW, text))], body) for text in lists]
        first = same_key(probe, provider, route, sent)
        later = request([JSON, (header, 't=%d,v1=%s' % (
            NOW + 1, digest(b'%d.' % (NOW + 1) + body).hexdigest()))], body)
        probe.expect(provider + ', a second later',
                     probe.accepts('later', route, later)['dedupe_key'] in first, False)


@case
def box_has_one_key(probe):
    body = b'{"trigger":"X"}'
    def sent(primary):
        mark = base64_of(digest(body + TIME.encode()).digest())
        return request([JSON, ('box-signature-primary', primary or mark),
                        ('box-signature-secondary', mark),
                        ('box-delivery-timestamp', TIME), ('box-signature-version', '1'),
                        ('box-signature-algorithm', 'HmacSHA256'), ('box-delivery-id', primary)],
                       body)
    same_key(probe, 'box', config('box'), map(sent, ('AAAA', 'BBBB', '')))


ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551  # of P-256


def make_curve_key(probe):
    key = probe.directory / 'p256.key'
    openssl('ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', key)
    return key, openssl('pkey', '-in', key, '-pubout').decode()


def sign_curve(key, text):
    """r and s."""
    der = openssl('dgst', '-sha256', '-sign', key, data=text)
    r = der[4:4 + der[3]]
    return int.from_bytes(r, 'big'), int.from_bytes(der[6 + len(r):], 'big')


def der_of(*numbers):
    parts = [n.to_bytes(n.bit_length() // 8 + 1, 'big') for n in numbers]
    inside = b''.join(b'\x02' + bytes([len(part)]) + part for part in parts)
    return b'\x30' + bytes([len(inside)]) + inside


@case
def sendgrid_has_one_key(probe):
    key, public = make_curve_key(probe)
    body = b'[{"event":"x"}]'
    r, s = sign_curve(key, b'%d' % NOW + body)
    def sent(mark):
        return request([JSON, ('X-Twilio-Email-Event-Webhook-Signature', base64_of(mark)),
                        ('X-Twilio-Email-Event-Webhook-Timestamp', NOW)], body)
    right = der_of(r, s)
    same_key(probe, 'sendgrid', config('sendgrid', [public]),
             map(sent, (right, der_of(r, ORDER - s))))
    for what, mark in (('a byte behind', right + b'\0'), ('a long length', b'\x30\x81' + right[1:]),
                       ('a long number', der_of(r, s).replace(b'\x02', b'\x02\x81', 1))):
        probe.refuses('DER with ' + what, config('sendgrid', [public]), sent(mark))


def jws_input(claims, **head):
    return b'.'.join(base64url_of(json.dumps(part).encode()) for part in (head, claims))


@case
def plaid_has_one_key(probe):
    key, public = make_curve_key(probe)
    body = b'{"webhook_code":"X"}'
    text = jws_input({'iat': NOW, 'request_body_sha256': hashlib.sha256(body).hexdigest()},
                     alg='ES256', kid='k')
    r, s = sign_curve(key, text)
    def sent(*numbers):
        mark = base64url_of(b''.join(n.to_bytes(32, 'big') for n in numbers))
        return request([JSON, ('Plaid-Verification', (text + b'.' + mark).decode())], body)
    same_key(probe, 'plaid', config('plaid', [public]), [sent(r, s), sent(r, ORDER - s)])


@case
def doubled_names_are_refused(probe):
    body = b'{}'
    mark = ('X-Hub-Signature-256', 'sha256=' + digest(body).hexdigest())
    one = [JSON, mark, ('X-GitHub-Delivery', 'a'), ('X-GitHub-Event', 'push')]
    probe.accepts('single', config('github'), request(one, body))
    for name, value in (('X-GitHub-Delivery', 'a'), ('X-GitHub-Delivery', 'b'),
                        ('X-GitHub-Event', 'ping')):
        probe.refuses('twice ' + name, config('github'), request(one + [(name, value)], body))
        probe.refuses('twice ' + name, config('github'), request([(name, value)] + one, body))
    form = b'SmsStatus=sent&SmsStatus=failed'
    signed = (URL + 'SmsStatusfailedSmsStatussent').encode()
    mark = ('X-Twilio-Signature', base64_of(digest(signed, name='sha1').digest()))
    probe.refuses('a field twice', config('twilio-form'), request([FORM, mark], form))


# The address that is signed is the one that came: public_url stands for the part of it that is
# fixed.


def square(url, body=b'{}'):
    return [JSON,
            ('x-square-hmacsha256-signature', base64_of(digest(url.encode() + body).digest()))]


@case
def signed_addresses_are_bound_to_the_path(probe):
    for pattern, public_url in (('/in/*', 'https://h/pub'), ('/in/{name}', 'https://h/pub'),
                                ('/in/*', 'https://h/pub/'),
                                ('/in/{name}', 'https://h/pub?ignored=1')):
        route = config('square', path=pattern, public_url=public_url)
        for signed, target, wanted in (('https://h/pub/a', '/in/a', probe.accepts),
                                       ('https://h/pub/b', '/in/a', probe.refuses),
                                       ('https://h/pub/a%20b?x=1', '/in/a%20b?x=1', probe.accepts),
                                       ('https://h/pub', '/in/a', probe.refuses),
                                       ('https://h/pub/a?ignored=1', '/in/a', probe.refuses),
                                       ('https://h/in/a', '/in/a', probe.refuses)):
            wanted('%s at %s by %s' % (signed, target, public_url), route,
                   request(square(signed), b'{}', target))
    route = config('square', path='/a/{b}/c/*', public_url='https://h/x')
    probe.accepts('two open parts', route,
                  request(square('https://h/x/1/c/2/3'), b'{}', '/a/1/c/2/3'))
    route = config('square', path='/{all}', public_url='https://h')
    probe.accepts('no fixed part', route, request(square('https://h/1?'), b'{}', '/1?'))
    route = config('square', public_url='https://h/in/x?a=1')
    probe.refuses('a query that did not come', route, request(square('https://h/in/x?a=1'), b'{}'))
    probe.accepts('a query that came', route,
                  request(square('https://h/in/x?a=1'), b'{}', '/in/x?a=1'))


def signed_path(path, target='/in/a', **names):
    """An HTTP message signature that covers @path and the digest of no body."""
    value = 'sha-256=:%s:' % base64_of(hashlib.sha256(b'{}').digest())
    parameters = '("@path" "content-digest");created=%d' % NOW
    base = '"@path": %s\n"content-digest": %s\n"@signature-params": %s' % (path, value, parameters)
    return request([JSON, ('Content-Digest', value), ('Signature-Input', 's=' + parameters),
                    ('Signature', 's=:%s:' % base64_of(digest(base.encode()).digest()))], b'{}',
                   target)


@case
def message_signatures_are_bound_to_the_path(probe):
    route = config('rfc9421', path='/foo/*', public_url='https://h/foo')
    probe.refuses('of another path', route, signed_path('/foo', '/foo/admin'))
    probe.accepts('of its path', route, signed_path('/foo/admin', '/foo/admin'))
    route = config('rfc9421', path='/in/a', public_url='https://h/renamed')
    probe.accepts('as the sender knows it', route, signed_path('/renamed'))
    probe.refuses('as it came', route, signed_path('/in/a'))


@case
def public_url_is_looked_at(probe):
    for url in ('hooks.example.org/x', 'ftp://h/x', 'https:///x', 'https://h/in/{name}',
                'https://h/x#a', 'https://h/a b'):
        code, said = probe.check(config('square', path='/in/{name}', public_url=url))
        probe.expect(url, (code, 'public_url' in said), (1, True))
    for provider, warned in (('square', True), ('twilio-json', True), ('contentful-webhook', False),
                             ('github', False)):
        code, said = probe.check(config(provider, public_url=None))
        probe.expect(provider + ' without public_url', (code, 'public_url' in said), (0, warned))


@case
def paths_may_hold_spaces(probe):
    route = config('square', path='/in/a b', public_url='https://h/in/a%20b')
    probe.accepts('a space', route, request(square('https://h/in/a%20b'), b'{}', '/in/a%20b'))


@case
def the_name_of_a_scheme_has_no_case(probe):  # RFC 9110, 11.1
    for provider, secret in (('alertmanager-bearer', 'Token'), ('docker-registry', 'Token'),
                             ('auth0', 'Bearer Token'),
                             ('harbor', 'Bearer Token'), ('revenuecat-token', 'Bearer Token')):
        route = config(provider, [secret + ' of 16 letters'])
        for value, wanted in (('Bearer Token', probe.accepts), ('bearer Token', probe.accepts),
                              ('BEARER Token', probe.accepts), ('bearer token', probe.refuses),
                              ('bearerToken', probe.refuses), ('Basic Token', probe.refuses),
                              ('Token', probe.refuses)):
            wanted('%s: %s' % (provider, value), route,
                   request([JSON, ('Authorization', value + ' of 16 letters')], b'{}'))
    for value in ('SHA256=', 'Sha256='):
        probe.refuses(value, config('github'), request([JSON, ('X-GitHub-Event', 'push'), (
            'X-Hub-Signature-256', value + digest(b'{}').hexdigest())], b'{}'))


# A route may name the id of a delivery that its scheme does not know: an id that anybody can change
# is no key.

@case
def a_named_delivery_opens_no_replay(probe):
    own = '''providers:
  timed: {kind: hmac, signed: "{{time}}.{{body}}", time: {in: header.x-time, tolerance: 5m},
          signature: {in: header.x-sign}}
  part: {kind: hmac, signed: "{{time}}.{{method}}", time: {in: header.x-time, tolerance: 5m},
         signature: {in: header.x-sign}}'''
    body = b'{"id":"7"}'
    for scheme, text, delivery, is_key in (('timed', body, 'header.x-id', False),
                                           ('timed', body, 'payload.id', True),
                                           ('timed', body, '[payload.id, header.x-id]', False),
                                           ('part', b'POST', 'payload.id', False)):
        headers = [JSON, ('X-Time', NOW), ('X-Id', '7'),
                   ('X-Sign', digest(b'%d.' % NOW + text).hexdigest())]
        said = probe.accepts(scheme, config(scheme, own=own, extra='    delivery: ' + delivery),
                             request(headers, body))
        probe.expect(delivery, (said['delivery'], said['dedupe_key'] == '7'), ('7', is_key))


sys.exit(main())
