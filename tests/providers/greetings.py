#!/usr/bin/env python3
"""Greetings are answered as their senders want it, and let nothing else through; `check` says where
a route remembers messages for a shorter time than it takes them."""
import sys

from probe import FORM, JSON, SECRET, base64_of, case, config, digest, main, request


@case
def woocommerce_saves_a_webhook(probe):
    """The ping is a form without a header of WooCommerce's and without a signature."""
    route = config('woocommerce')
    said = probe.accepts('the ping', route, request([FORM], b'webhook_id=12'))
    probe.expect('its answer', (said['status'], said['code'], said['answer']['body']),
                 (200, 'handshake', ''))
    for what, headers, body in (
            ('another field', [FORM], b'id=12'), ('no number', [FORM], b'webhook_id=12a'),
            ('two', [FORM], b'webhook_id=1&webhook_id=2'), ('JSON', [JSON], b'{"webhook_id":12}'),
            ('a topic', [FORM, ('X-WC-Webhook-Topic', 'order.created')], b'webhook_id=12'),
            ('a signature', [FORM, ('X-WC-Webhook-Signature', 'AAAA')], b'webhook_id=12')):
        probe.refuses('a ping with ' + what, route, request(headers, body))
    probe.refuses('a ping that is a PUT', route, request([FORM], b'webhook_id=12', method='PUT'),
                  405)


@case
def woocommerce_events_have_no_id(probe):
    """X-WC-Webhook-Delivery-ID is the same for all events of a second: a second order is not the
    first."""
    body = b'{"id":1}'
    headers = [JSON, ('X-WC-Webhook-Topic', 'order.created'),
               ('X-WC-Webhook-Delivery-ID', 'a' * 32),
               ('X-WC-Webhook-Signature', base64_of(digest(body).digest()))]
    said = probe.accepts('an order', config('woocommerce'), request(headers, body))
    probe.expect('what is known of it', (said['event'], said['delivery'], said['dedupe_key'],
                                         said['status']), ('order.created', '', '', 200))


@case
def onfleet_checks_the_address(probe):
    said = probe.accepts('a check', config('onfleet', ['ab' * 32]),
                         request([], b'', '/in/x?check=a%3Cb', 'GET'))
    probe.expect('its answer', (said['status'], said['answer']['body'], said['answer']['type']),
                 (200, 'a<b', 'text/plain'))
    probe.refuses('a GET that is no check', config('onfleet', ['ab' * 32]),
                  request([], b'', '/in/x', 'GET'), 405)


@case
def xero_intends_to_receive(probe):
    def sent(body):
        return request([JSON, ('x-xero-signature', base64_of(digest(body).digest()))], body)
    said = probe.accepts('the greeting', config('xero'),
                         sent(b'{"events":[],"firstEventSequence":0,"lastEventSequence":0}'))
    probe.expect('it is none of the events', (said['code'], said['status']), ('handshake', 200))
    said = probe.accepts('an event', config('xero'),
                         sent(b'{"events":[{"eventType":"CREATE"}],"lastEventSequence":1}'))
    probe.expect('it is one', (said['code'], said['event']), ('accepted', 'CREATE'))


@case
def cloudevents_register_where_the_route_says_so(probe):
    asked = request([('WebHook-Request-Origin', 'eventgrid.azure.net')], b'', method='OPTIONS')
    said = probe.accepts('the origin',
                         config('cloudevents', beside={'origin': 'eventgrid.azure.net'}), asked)
    probe.expect('its answer', said['answer']['headers'],
                 {'WebHook-Allowed-Origin': 'eventgrid.azure.net'})
    probe.refuses('another origin', config('cloudevents', beside={'origin': 'example.org'}), asked,
                  403)
    probe.refuses('any origin', config('cloudevents'), asked, 403)


@case
def what_is_taken_is_remembered(probe):
    """Without a window it is long enough; a shorter one that is written is warned of."""
    for provider, written, said in (
            ('linear', '{window: 1h}', '8h old, but dedupe.window is 1h'),
            ('linear', '{window: 8h}', ''), ('linear', '{}', ''), ('linear', 'off', ''),
            ('stripe', '{window: 4m}', '5m old'), ('stripe', '{window: 5m}', ''),
            ('customerio', '{window: 3d}', '169h old, but dedupe.window is 3d'),
            ('customerio', '{}', ''),
            ('github', '{window: 1s}', ''), ('plaid', '{window: 1m}', '5m old')):
        secrets = [] if provider == 'plaid' else [SECRET]
        key = '    secret: |\n' + KEY if provider == 'plaid' else ''
        code, warned = probe.check(config(provider, secrets,
                                          extra='    dedupe: %s\n%s' % (written, key)))
        probe.expect('%s with %s' % (provider, written),
                     (code, said in warned and bool(said) == ('dedupe.window' in warned)),
                     (0, True))


KEY = '''      -----BEGIN PUBLIC KEY-----
      MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEaxfR8uEsQkf4vOblY6RA8ncDfYEt
      6zOg9KE5RdiYwpZP40Li/hp/m47n60p8D54WK84zV2sxXs7LtkBoN79R9Q==
      -----END PUBLIC KEY-----'''

sys.exit(main())
