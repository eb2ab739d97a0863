#!/usr/bin/env python3
"""Senders without a package that verifies: what is signed by hand, as their documentation says, is
accepted."""
import sys

from probe import JSON, NOW, SECRET, base64_of, case, config, digest, main, request

BODY = b'{"id": "evt_1", "type": "made", "event": "made"}'
PLAIN = digest(BODY).hexdigest()
TIMED = digest(b'%d.' % NOW + BODY).hexdigest()

# preset: the header, its value, how old it may be, what the event is taken from besides
HEADERS = {'buildkite': ('X-Buildkite-Signature', 'timestamp=%d,signature=%s' % (NOW, TIMED), 300,
                         'X-Buildkite-Event'), 'clickup': ('X-Signature', PLAIN, 0, ''),
           'discourse': ('X-Discourse-Event-Signature', 'sha256=' + PLAIN, 0, 'X-Discourse-Event'),
           'documenso': ('X-Documenso-Secret', SECRET, 0, ''),
           'elevenlabs': ('ElevenLabs-Signature', 't=%d,v0=%s' % (NOW, TIMED), 3600, ''),
           'logto': ('logto-signature-sha-256', PLAIN, 0, ''),
           'nylas': ('X-Nylas-Signature', PLAIN, 0, ''),
           'onfido': ('X-SHA2-Signature', PLAIN, 0, None),
           'snyk': ('X-Hub-Signature', 'sha256=' + PLAIN, 0, 'X-Snyk-Event'),}
# those that want this answer and no other
EXACT = ('elevenlabs', 'logto', 'nylas')


@case
def messages_are_taken_as_documented(probe):
    for preset, (header, value, tolerance, event) in HEADERS.items():
        headers = [JSON, (header, value)] + ([(event, 'made')] if event else [])
        said = probe.accepts(preset, config(preset), request(headers, BODY))
        probe.expect(preset + "'s event", said.get('event'), '' if event is None else 'made')
        probe.expect(preset + "'s answer", said.get('status'), 200 if preset in EXACT else 202)
        for wrong in ([SECRET.upper()] if preset == 'documenso' else []) + [value[:-1],
                                                                            'x' + value]:
            probe.refuses('%s %s' % (preset, wrong), config(preset),
                          request([JSON, (header, wrong)], BODY))
        probe.refuses(preset + ' without', config(preset), request([JSON], BODY))
        probe.refuses(preset + ' twice', config(preset), request(headers + [(header, value)], BODY))
        if preset != 'documenso':  # a token signs nothing
            probe.refuses(preset + ' changed', config(preset),
                          request(headers, BODY.replace(b'made', b'mode')))
        if tolerance:
            probe.accepts(preset + ' old', config(preset), request(headers, BODY), NOW + tolerance)
            probe.refuses(preset + ' too old', config(preset), request(headers, BODY),
                          now=NOW + tolerance + 1)


@case
def surge_signs_as_standard_webhooks(probe):
    route = config('surge', ['whsec_' + base64_of(b'a key of thirty-two bytes for us')])
    mark = base64_of(digest(b'msg_1.%d.' % NOW + BODY,
                            b'a key of thirty-two bytes for us').digest())
    sent = [JSON, ('webhook-id', 'msg_1'), ('webhook-timestamp', NOW),
            ('webhook-signature', 'v1,' + mark)]
    said = probe.accepts('surge', route, request(sent, BODY), NOW + 300)
    probe.expect("surge's event and id", (said.get('event'), said.get('delivery')),
                 ('made', 'msg_1'))
    probe.refuses('surge too old', route, request(sent, BODY), now=NOW + 301)
    probe.refuses('surge changed', route, request(sent, BODY.replace(b'made', b'mode')))
    old = ('Surge-Signature', 't=%d,v1=%s' % (NOW, TIMED))
    probe.refuses('surge with the header of old', route, request([JSON, old], BODY))


@case
def nylas_is_greeted(probe):
    said = probe.accepts('a challenge', config('nylas'),
                         request([], b'', '/in/x?challenge=a%3Cb', 'GET'))
    probe.expect('its answer', (said['answer']['body'], said['answer']['type']),
                 ('a<b', 'text/plain'))


sys.exit(main())
