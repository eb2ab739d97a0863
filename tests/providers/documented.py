#!/usr/bin/env python3
"""Senders without a package that verifies: what is signed by hand, as their documentation says, is accepted."""
import sys

from probe import JSON, NOW, SECRET, case, config, digest, main, request

BODY = b'{"id": "evt_1", "type": "made", "event": "made"}'
PLAIN = digest(BODY).hexdigest()
TIMED = digest(b'%d.' % NOW + BODY).hexdigest()

# preset: the header, its value, how old it may be, what the event is taken from besides
HEADERS = {
    'buildkite': ('X-Buildkite-Signature', 'timestamp=%d,signature=%s' % (NOW, TIMED), 300, 'X-Buildkite-Event'),
    'clickup': ('X-Signature', PLAIN, 0, ''),
    'discourse': ('X-Discourse-Event-Signature', 'sha256=' + PLAIN, 0, 'X-Discourse-Event'),
    'documenso': ('X-Documenso-Secret', SECRET, 0, ''),
    'elevenlabs': ('ElevenLabs-Signature', 't=%d,v0=%s' % (NOW, TIMED), 1800, ''),
    'logto': ('logto-signature-sha-256', PLAIN, 0, ''),
    'nylas': ('X-Nylas-Signature', PLAIN, 0, None),
    'onfido': ('X-SHA2-Signature', PLAIN, 0, None),
    'snyk': ('X-Hub-Signature', 'sha256=' + PLAIN, 0, 'X-Snyk-Event'),
    'surge': ('Surge-Signature', 't=%d,v1=%s' % (NOW, TIMED), 300, ''),
}


@case
def messages_are_taken_as_documented(probe):
    for preset, (header, value, tolerance, event) in HEADERS.items():
        headers = [JSON, (header, value)] + ([(event, 'made')] if event else [])
        said = probe.accepts(preset, config(preset), request(headers, BODY))
        probe.expect(preset + "'s event", said.get('event'), '' if event is None else 'made')
        for wrong in (value.upper(), value[:-1], 'x' + value):
            probe.refuses('%s %s' % (preset, wrong), config(preset), request([JSON, (header, wrong)], BODY))
        probe.refuses(preset + ' without', config(preset), request([JSON], BODY))
        probe.refuses(preset + ' twice', config(preset), request(headers + [(header, value)], BODY))
        if preset != 'documenso':  # a token signs nothing
            probe.refuses(preset + ' changed', config(preset), request(headers, BODY.replace(b'made', b'mode')))
        if tolerance:
            probe.accepts(preset + ' old', config(preset), request(headers, BODY), NOW + tolerance)
            probe.refuses(preset + ' too old', config(preset), request(headers, BODY), now=NOW + tolerance + 1)


@case
def nylas_is_greeted(probe):
    said = probe.accepts('a challenge', config('nylas'), request([], b'', '/in/x?challenge=a%3Cb', 'GET'))
    probe.expect('its answer', (said['answer']['body'], said['answer']['type']), ('a<b', 'text/plain'))


sys.exit(main())
