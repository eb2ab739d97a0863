#!/usr/bin/env python3
"""What somebody without the key can do with the answers and the messages of others is refused."""
import base64
import hashlib
import json
import sys
import tempfile
import urllib.parse

from probe import FORM, JSON, SECRET, Probe, config, digest, request


def base64_of(data):
    return base64.b64encode(data).decode()


# A greeting that signs what a stranger sends must never sign what could be an event.


def x_token_is_no_event(probe):
    route = config('x-twitter')
    for event in (b'{"evil":1}', b'[{"evil":1}]', b'"evil"', b' 1'):
        asked = '/in/x?crc_token=' + urllib.parse.quote(event)
        probe.refuses('a token that is %s' % event, route, request([], b'', asked, 'GET'), 400)
    probe.refuses('a token of 257', route, request([], b'', '/in/x?crc_token=' + 'a' * 257, 'GET'), 400)
    said = probe.accepts('a token', route, request([], b'', '/in/x?crc_token=1234', 'GET'))
    mark = json.loads(said['answer']['body'])['response_token']
    probe.refuses('a token sent as an event', route, request([JSON, ('x-twitter-webhooks-signature', mark)], b'1234'))
    mark = 'sha256=' + base64_of(digest(b'{"a":1}').digest())
    probe.accepts('an event', route, request([JSON, ('x-twitter-webhooks-signature', mark)], b'{"a":1}'))


def braintree_challenge_is_no_payload(probe):
    route, challenge = config('braintree', beside={'public_key': 'pk'}), '20f9f8ed05f77439fe955c977e4c8a53'
    said = probe.accepts('a challenge', route, request([], b'', '/in/x?bt_challenge=' + challenge, 'GET'))
    mark = digest(challenge.encode(), hashlib.sha1(SECRET.encode()).digest(), 'sha1').hexdigest()
    probe.expect('the answer', said['answer']['body'], 'pk|' + mark)
    form = urllib.parse.urlencode({'bt_signature': 'pk|' + mark, 'bt_payload': challenge})
    probe.refuses('a challenge sent as a payload', route, request([FORM], form.encode()))


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


def main():
    with tempfile.TemporaryDirectory() as directory:
        probe = Probe(sys.argv[1], directory)
        for attack in (x_token_is_no_event, braintree_challenge_is_no_payload, own_greeting_wants_a_bound):
            attack(probe)
        print('%d tried, %d wrong' % (probe.tried, probe.wrong))
    return 1 if probe.wrong else 0


sys.exit(main())
