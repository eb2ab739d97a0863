#!/usr/bin/env python3
"""Senders whose own code or documentation says how they sign: what is signed by hand so is
accepted, what is not signed so is refused, and the id and the type come from where they say."""
import json
import hashlib
import subprocess
import sys

from probe import (JSON, NOW, SECRET, base64_of, base64url_of, case, config, digest, main, openssl,
                   request)


def known(said):
    return said.get('delivery'), said.get('event'), said.get('status')


@case
def ghost_signs_body_and_time(probe):
    body, milliseconds = b'{"post":{"current":{}}}', b'%d' % (1000 * NOW)
    def sent(mark, time=milliseconds):
        return request([JSON, ('X-Ghost-Signature', 'sha256=%s, t=%s' % (mark, time.decode()))],
                       body)
    right = digest(body + milliseconds).hexdigest()
    said = probe.accepts('ghost', config('ghost'), sent(right), NOW + 300)
    probe.expect('its key is that of the text', len(said['dedupe_key']), 64)
    probe.expect('its answer', said['status'], 200)
    probe.refuses('ghost too old', config('ghost'), sent(right), now=NOW + 301)
    probe.refuses('ghost with another time', config('ghost'), sent(right, b'%d' % (1000 * NOW + 1)))
    probe.refuses('ghost over the body alone', config('ghost'), sent(digest(body).hexdigest()))
    probe.refuses('ghost without a secret', config('ghost'), request([JSON], body))


def edwards_key(probe):
    """A private key's file, and the 32 bytes of the public one."""
    file = probe.directory / 'ed25519.key'
    subprocess.run(['openssl', 'genpkey', '-algorithm', 'ed25519', '-out', file], check=True)
    return file, openssl('pkey', '-in', file, '-pubout', '-outform', 'DER')[-32:]


def edwards_sign(probe, key, text):
    file = probe.directory / 'text'
    file.write_bytes(text)
    return openssl('pkeyutl', '-sign', '-rawin', '-inkey', key, '-in', file)


@case
def telnyx_signs_time_and_body(probe):
    key, public = edwards_key(probe)
    route, body = (config('telnyx', [base64_of(public)]),
                   b'{"data":{"id":"d1","event_type":"message.received"}}')
    def sent(mark, time=NOW):
        return request([JSON, ('Telnyx-Signature-Ed25519', base64_of(mark)),
                        ('Telnyx-Timestamp', time)], body)
    mark = edwards_sign(probe, key, b'%d|' % NOW + body)
    probe.expect('telnyx', known(probe.accepts('telnyx', route, sent(mark), NOW + 300)),
                 ('d1', 'message.received', 202))
    probe.refuses('telnyx too old', route, sent(mark), now=NOW + 301)
    probe.refuses('telnyx with another time', route, sent(mark, NOW + 1))
    probe.refuses('telnyx with a dot', route, sent(edwards_sign(probe, key, b'%d.' % NOW + body)))


@case
def discord_interactions_are_answered_empty(probe):
    key, public = edwards_key(probe)
    route = config('discord-interactions', [public.hex()])
    def sent(body):
        mark = edwards_sign(probe, key, b'%d' % NOW + body).hex()
        return request([JSON, ('X-Signature-Ed25519', mark), ('X-Signature-Timestamp', NOW)], body)
    said = probe.accepts('a command', route, sent(b'{"type":2,"id":"77","data":{"name":"deploy"}}'))
    probe.expect('a command', known(said), ('77', 'deploy', 202))
    said = probe.accepts('a ping', route, sent(b'{"type":1,"id":"78"}'))
    probe.expect('its answer', (said['code'], json.loads(said['answer']['body'])),
                 ('handshake', {'type': 1}))
    probe.refuses('another key', config('discord-interactions', ['ab' * 31 + 'ac']),
                  sent(b'{"type":2}'))


@case
def pusher_signs_the_body(probe):
    body = b'{"time_ms":%d,"events":[{"name":"channel_occupied","channel":"x"}]}' % (1000 * NOW)
    headers = [JSON, ('X-Pusher-Key', 'k'), ('X-Pusher-Signature', digest(body).hexdigest())]
    said = probe.accepts('pusher', config('pusher'), request(headers, body), NOW + 600)
    probe.expect('pusher', (said['event'], len(said['dedupe_key'])), ('channel_occupied', 64))
    probe.refuses('pusher too old', config('pusher'), request(headers, body), now=NOW + 601)
    probe.refuses('pusher changed', config('pusher'), request(headers, body + b' '))


@case
def tokens_are_compared(probe):
    bodies = {'strapi': ('Authorization', 'Bearer ', b'{"event":"entry.create"}', 'entry.create',
                         202), 'parse-server': ('X-Parse-Webhook-Key', '',
                                                b'{"triggerName":"afterSave"}', 'afterSave', 200),
              'cloudevents': ('Authorization', 'Bearer ', b'{"n":1}', 'com.example.order', 202)}
    beside = [('ce-id', 'i1'), ('ce-type', 'com.example.order'), ('ce-source', '/shop'),
              ('ce-specversion', '1.0')]
    for preset, (header, prefix, body, event, status) in bodies.items():
        def sent(token):
            return request([JSON, (header, prefix + token)] + (beside if preset == 'cloudevents'
                                                               else []), body)
        said = probe.accepts(preset, config(preset), sent(SECRET))
        probe.expect(preset, known(said), ('i1' if preset == 'cloudevents' else '', event, status))
        probe.refuses(preset + ' with another', config(preset), sent(SECRET[:-1] + 'x'))
        probe.refuses(preset + ' without', config(preset), request([JSON] + beside, body))
    keys = [probe.accepts('cloudevents of ' + source, config('cloudevents'), request(
        [JSON, ('Authorization', 'Bearer ' + SECRET), ('ce-id', name), ('ce-source', source)],
        b'{}'))['dedupe_key']
            for name, source in (('1', '/a'), ('1', '/b'), ('1', '/a'), ('1/', 'a'))]
    probe.expect('ids are those of their source', (keys[0] == keys[2], len(set(keys))), (True, 3))
    bare = [JSON, ('Authorization', 'Bearer ' + SECRET), ('ce-id', '1')]
    probe.expect('without a source', probe.accepts('bare', config('cloudevents'),
                                                   request(bare, b'{}'))['dedupe_key'] in keys,
                 False)
    probe.refuses('two sources', config('cloudevents'),
                  request(bare + [('ce-source', '/a'), ('ce-source', '/b')], b'{}'))
    whole = b'{"specversion":"1.0","id":"i2","type":"made","source":"/shop","data":{}}'
    headers = [('Content-Type', 'application/cloudevents+json; charset=utf-8'),
               ('Authorization', 'Bearer ' + SECRET)]
    said = probe.accepts('structured', config('cloudevents'), request(headers, whole))
    probe.expect('structured', known(said), ('i2', 'made', 202))


@case
def vonage_signs_a_digest_of_the_body(probe):
    body = b'{"message_uuid":"m1","status":"delivered"}'
    def sent(claims, key=SECRET, what=body):
        parts = [base64url_of(json.dumps(part).encode())
                 for part in ({'alg': 'HS256', 'typ': 'JWT'}, claims)]
        text = b'.'.join(parts)
        token = text + b'.' + base64url_of(digest(text, key).digest())
        return request([JSON, ('Authorization', 'Bearer ' + token.decode())], what)
    claims = {'iss': 'Vonage', 'iat': NOW, 'jti': 'j1', 'api_key': 'a',
              'payload_hash': hashlib.sha256(body).hexdigest()}
    said = probe.accepts('vonage', config('vonage'), sent(claims), NOW + 25 * 3600)
    probe.expect('vonage', (said['event'], said['status'], len(said['dedupe_key'])),
                 ('delivered', 200, 64))
    probe.refuses('vonage too old', config('vonage'), sent(claims), now=NOW + 25 * 3600 + 1)
    probe.refuses('vonage changed', config('vonage'), sent(claims, what=body.replace(b'm1', b'm2')))
    probe.refuses('another key', config('vonage'), sent(claims, 'another secret'))
    probe.refuses('another issuer', config('vonage'), sent({**claims, 'iss': 'Nexmo'}))
    probe.refuses('no digest', config('vonage'),
                  sent({k: v for k, v in claims.items() if k != 'payload_hash'}))


@case
def ids_are_where_senders_keep_them(probe):
    body = b'{"id":"n1","trigger":"FILE.UPLOADED"}'
    time = '2025-11-23T12:13:20Z'
    headers = [JSON, ('box-signature-primary', base64_of(digest(body + time.encode()).digest())),
               ('box-delivery-id', 'new'), ('box-delivery-timestamp', time),
               ('box-signature-version', '1'), ('box-signature-algorithm', 'HmacSHA256')]
    said = probe.accepts('box', config('box'), request(headers, body))
    probe.expect('box', (said['delivery'], said['dedupe_key']), ('n1', 'n1'))
    body = b'{"event_id":"e1","metric":"opened"}'
    headers = [JSON, ('x-cio-timestamp', NOW),
               ('x-cio-signature', digest(b'v0:%d:' % NOW + body).hexdigest())]
    said = probe.accepts('customerio', config('customerio'), request(headers, body))
    probe.expect('customerio', known(said) + (said['dedupe_key'],), ('e1', 'opened', 202, 'e1'))
    headers = [JSON, ('X-Documenso-Secret', SECRET), ('X-Documenso-Delivery-Id', 'd1')]
    probe.expect('documenso', known(probe.accepts('documenso', config('documenso'),
                                                  request(headers, b'{"event":"X"}'))),
                 ('d1', 'X', 202))
    body = b'{"a":1}'
    for family in ('Forgejo', 'Gitea'):
        headers = [JSON] + [('X-%s-%s' % (family, k), v) for k, v in (
            ('Signature', digest(body).hexdigest()), ('Delivery', 'd2'), ('Event', 'push'))]
        probe.expect(family, known(probe.accepts(family, config('forgejo'),
                                                 request(headers, body))), ('d2', 'push', 202))


sys.exit(main())
