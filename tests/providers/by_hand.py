#!/usr/bin/env python3
"""Recurly, Authorize.Net, LiveKit, QStash, MessageBird, Bird and Twilio's shared keys: signed here by hand, accepted."""
import hashlib
import hmac
import json
import sys
import urllib.parse

from probe import FORM, JSON, NOW, SECRET, URL, base64_of, base64url_of, case, config, digest, main, request

BODY = b'{"id":"EV_1","event":"room_started","event_type":"account.created"}'
SUM = hashlib.sha256(BODY).digest()
# published at community.developer.cybersource.com, Integration and Testing, HMAC-SHA-512 hash not matching (m-p/57201)
ANET_KEY = ('2679A5D5785C9B26CF921E1754765CDDB265C9C88400786923E5343B315954FAFB4B7BF608818F6A21766741E8637DC2'
            '06F286C725908C777ED4127D8562163D')
ANET_BODY = (b'{"notificationId":"f813b98f-3552-4eeb-ba40-acb4704eeba3","eventType":"net.authorize.payment.authcapture.created",'
             b'"eventDate":"2017-03-08T17:35:37.155999Z","webhookId":"63d6fea2-aa13-4b1d-a204-f5fbc15942b7","payload":{"responseCode":1,'
             b'"authCode":"8VTPDC","avsResponse":"Y","authAmount":10.00,"entityName":"transaction","id":"60019392075"}}')
ANET_MARK = ('9607C69D2734514554CE13D923D19939563F2FD6567D239F49F0DF0D08865632A0FB98061B4620CC52C47BB8BF6E2B69A15A67E4C98E81D7'
             'D65111076C515C6A')


def token(key=SECRET, **claims):
    text = b'.'.join(base64url_of(json.dumps(part).encode()) for part in ({'alg': 'HS256', 'typ': 'JWT'}, claims))
    return (text + b'.' + base64url_of(hmac.digest(key.encode(), text, 'sha256'))).decode()


@case
def authorize_net_writes_capitals(probe):
    def sent(mark, body=ANET_BODY):
        return request([JSON, ('X-ANET-Signature', 'sha512=' + mark)], body)
    said = probe.accepts('its published example', config('authorize-net', [ANET_KEY]), sent(ANET_MARK))
    probe.expect('its names', (said['status'], said['delivery'], said['event']),
                 (200, 'f813b98f-3552-4eeb-ba40-acb4704eeba3', 'net.authorize.payment.authcapture.created'))
    probe.accepts('in small letters', config('authorize-net', [ANET_KEY]), sent(ANET_MARK.lower()))
    for what, key, mark, body in (('another body', ANET_KEY, ANET_MARK, ANET_BODY.replace(b'10.00', b'10.0')),
                                  ('another mark', ANET_KEY, ANET_MARK[:-1] + 'B', ANET_BODY), ('a shorter mark', ANET_KEY, ANET_MARK[:-2], ANET_BODY),
                                  ('another key', ANET_KEY.lower(), ANET_MARK, ANET_BODY)):
        probe.refuses(what, config('authorize-net', [key]), sent(mark, body))


@case
def recurly_lists_without_names(probe):
    old, new = ('%d' % (NOW * 1000)).encode(), SECRET
    marks = [digest(old + b'.' + BODY, key).hexdigest() for key in ('the one before', new)]
    def sent(*marks):
        return request([JSON, ('recurly-signature', ','.join((old.decode(),) + marks)), ('recurly-notification-id', 'n-1')], BODY)
    for what, given in (('one', marks[1:]), ('two', marks), ('two, turned', marks[::-1])):
        said = probe.accepts(what, config('recurly'), sent(*given), NOW + 74 * 3600)
        probe.expect('its names', (said['delivery'], said['event'], len(said['dedupe_key'])), ('n-1', 'account.created', 64))
        probe.refuses(what + ', too old', config('recurly'), sent(*given), now=NOW + 74 * 3600 + 1)
    probe.refuses('of another key', config('recurly'), sent(marks[0]))
    probe.refuses('none', config('recurly'), sent())
    code, text = probe.check(config('recurly'))
    probe.expect('check', (code, 'dedupe' in text), (0, False))


@case
def livekit_digests_in_base64(probe):
    route, bound = config('livekit'), config('livekit', beside={'api_key': 'APIours'})
    def sent(body=BODY, **claims):
        return request([('Content-Type', 'application/webhook+json'), ('Authorization', token(**claims))], body)
    ours = {'iss': 'APIours', 'nbf': NOW, 'exp': NOW + 300, 'sha256': base64_of(SUM)}
    for what in (route, bound):
        said = probe.accepts('as it should be', what, sent(**ours))
        probe.expect('its names', (said['delivery'], said['event'], said['dedupe_key']), ('EV_1', 'room_started', 'EV_1'))
        probe.refuses('another body', what, sent(BODY + b' ', **ours))
        probe.refuses('over', what, sent(**ours), now=NOW + 300)
        probe.refuses('an access token', what, sent(**{k: v for k, v in ours.items() if k != 'sha256'}))
    probe.accepts('another key where none is named', route, sent(**{**ours, 'iss': 'APIother'}))
    probe.refuses('another key', bound, sent(**{**ours, 'iss': 'APIother'}))


@case
def qstash_names_its_address(probe):
    route = config('qstash', [SECRET, 'the next signing key'])
    def sent(body=BODY, target='/in/x', key=SECRET, **claims):
        made = {'iss': 'Upstash', 'sub': URL, 'exp': NOW + 300, 'nbf': NOW, 'iat': NOW, 'jti': 'jwt_1', 'body': base64url_of(SUM).decode() + '=', **claims}
        return request([('Content-Type', 'text/plain'), ('Upstash-Signature', token(key, **made)), ('Upstash-Message-Id', 'msg_1')], body, target)
    for key in (SECRET, 'the next signing key'):
        said = probe.accepts('as it should be', route, sent(key=key))
        probe.expect('its names', (said['delivery'], len(said['dedupe_key'])), ('msg_1', 64))
    made = token(iss='Upstash', sub=URL, iat=NOW, body=base64url_of(SUM).decode())
    probe.accepts('without padding', route, request([('Upstash-Signature', made)], BODY))
    empty = base64url_of(hashlib.sha256(b'').digest()).decode() + '='
    probe.accepts('an empty body', route, request([('Upstash-Signature', token(iss='Upstash', sub=URL, exp=NOW + 9, iat=NOW, body=empty))]))
    probe.accepts('with its query', route, sent(target='/in/x?a=1', sub=URL + '?a=1'))
    for what, message in (('another address', sent(sub=URL + 'y')), ('another query', sent(target='/in/x?a=2', sub=URL + '?a=1')),
                          ('another body', sent(BODY + b' ')), ('another issuer', sent(iss='Other')), ('a list of issuers', sent(iss=['Upstash'])), ('another key', sent(key='x' * 16))):
        probe.refuses(what, route, message)


@case
def messagebird_digests_its_address(probe):
    route = config('messagebird', extra='    methods: [GET, POST]')
    def sent(url=URL, body=BODY, target='/in/x', method='POST', **claims):
        made = {'iss': 'MessageBird', 'nbf': NOW, 'exp': NOW + 60, 'iat': NOW, 'jti': 'j', 'url_hash': hashlib.sha256(url.encode()).hexdigest(), **claims}
        return request([JSON] * bool(body) + [('MessageBird-Signature-JWT', token(**made))], body, target, method)
    probe.accepts('a body', route, sent(payload_hash=SUM.hex()))
    probe.accepts('a report', route, sent(URL + '?status=delivered', b'', '/in/x?status=delivered', 'GET'))
    for what, message in (('another address', sent(URL + 'y', payload_hash=SUM.hex())), ('no digest', sent()),
                          ('another body', sent(body=BODY + b' ', payload_hash=SUM.hex())), ('another issuer', sent(iss='x', payload_hash=SUM.hex())),
                          ('another report', sent(URL + '?status=delivered', b'', '/in/x?status=failed', 'GET')),
                          ('a report with the digest of a body', sent(URL, b'', '/in/x', 'GET', payload_hash=SUM.hex()))):
        probe.refuses(what, route, message)
    probe.refuses('too late', route, sent(payload_hash=SUM.hex()), now=NOW + 60)


@case
def bird_signs_bytes_of_a_digest(probe):
    text = b'%d\n%s\n' % (NOW, URL.encode()) + SUM
    def sent(body=BODY, target='/in/x', text=text):
        return request([JSON, ('MessageBird-Request-Timestamp', NOW), ('MessageBird-Signature', base64_of(digest(text).digest()))], body, target)
    probe.accepts('as it should be', config('bird'), sent(), NOW + 300)
    probe.refuses('too old', config('bird'), sent(), now=NOW + 301)
    for what, message in (('another body', sent(BODY + b' ')), ('another address', sent(target='/in/x?a=1')),
                          ('in hex', sent(text=text[:-32] + SUM.hex().encode()))):
        probe.refuses(what, config('bird'), message)


@case
def twilio_may_share_a_key(probe):
    """The hash is the route's: what the settings header says is not believed."""
    form = {'SmsStatus': 'sent', 'Body': 'a b'}
    text = (URL + ''.join(name + form[name] for name in sorted(form))).encode()
    asked = URL + '?bodySHA256=' + SUM.hex()
    kinds = {'twilio-form': (FORM, text, urllib.parse.urlencode(form).encode(), '/in/x'),
             'twilio-json': (JSON, asked.encode(), BODY, '/in/x?bodySHA256=' + SUM.hex())}
    for name, (kind, signed, body, target) in kinds.items():
        def sent(hash_, settings, key=SECRET):
            said = [('X-Twilio-Webhooks-Signature-Settings', 'key=ZK1,algorithm=' + settings)] if settings else []
            return request([kind, ('X-Twilio-Signature', base64_of(digest(signed, key, hash_).digest()))] + said, body, target)
        strong, weak = config(name + '-sha256'), config(name)
        probe.accepts(name + ' under a shared key', strong, sent('sha256', 'HMAC_SHA256'))
        probe.accepts(name + ' under a shared key and SHA-1', weak, sent('sha1', 'HMAC_SHA1'))
        probe.accepts(name + ' under the token', weak, sent('sha1', None))
        for hash_, settings in (('sha1', 'HMAC_SHA1'), ('sha1', None), ('sha1', 'HMAC_SHA256'), ('md5', 'HMAC_MD5')):
            probe.refuses('%s, %s, %s where SHA-256 is wanted' % (name, hash_, settings), strong, sent(hash_, settings))
        probe.refuses(name + ' under another key', strong, sent('sha256', 'HMAC_SHA256', 'another key'))


sys.exit(main())
