#!/usr/bin/env python3
"""`verify` reads a request in every form that browsers and curl write it down in, and says what it
had to assume."""
import json
import sys

from probe import JSON, URL, base64_of, case, config, digest, main, request

BODY = b'{"id":"evt_1","type":"x"}'
SIGNED = [JSON, ('X-GitHub-Event', 'push'),
          ('X-Hub-Signature-256', 'sha256=' + digest(BODY).hexdigest())]
CURL = (b'*   Trying 127.0.0.1:8443...\n* Connected\n> GET /in/x?challenge=abc HTTP/1.1\r\n> Host: '
        b'h\r\n> \r\n' b'* Request completely sent off\n< HTTP/1.1 200 OK\r\n< \r\nabc')
PROGRESS = b'  % Total\n  0     0 --:--:--     0*   Trying 127.0.0.1\n'


def har(url, headers, body=None, method='POST', **data):
    content = dict(data, **({} if body is None else {'text': body.decode()}))
    asked = {'method': method, 'url': url,
             'headers': [{'name': n, 'value': str(v)} for n, v in headers]}
    if content:
        asked['postData'] = dict({'mimeType': 'application/json'}, **content)
    return json.dumps({'log': {'version': '1.2', 'entries': [{'request': asked}]}}).encode()


@case
def har_is_read_as_browsers_write_it(probe):
    route, whole = config('github'), har(URL, SIGNED, BODY)
    newer = [(':method', 'POST'), (':authority', 'hooks.example.test'), (':path', '/in/x')]
    for what, text in (('plain', whole), ('a byte order mark', b'\xef\xbb\xbf' + whole),
                       ('blanks', b'\r\n ' + whole), ('HTTP/2', har(URL, newer + SIGNED, BODY)),
                       ('a fragment', har(URL + '#a/b', SIGNED, BODY)),
                       ('much else that a page has loaded',
                        whole[:-1] + b', "_more": [' + b'"\\ud83d",' * 200000 + b'0]}'),
                       ('a path alone', har('/in/x?a://b#c://d', SIGNED, BODY))):
        probe.accepts('a HAR with ' + what, route, text)
    said = probe.refuses('a HAR of fields', route,
                         har(URL, SIGNED, params=[{'name': 'a', 'value': 'b'}]))
    probe.expect('its note', 'fields of a form' in said['notes'][0], True)


@case
def har_of_fields_is_a_form_again(probe):
    fields = [{'name': 'a b', 'value': '1+1=2 & é~*-._%'}, {'name': 'empty', 'value': ''},
              {'name': 'none'}, {'name': 'n', 'value': '7'}]
    text = b'a+b=1%2B1%3D2+%26+%C3%A9%7E*-._%25&empty=&none=&n=7'
    route = config('github', extra='    content: form')
    head = [('Content-Type', 'application/x-www-form-urlencoded'), SIGNED[1],
            ('X-Hub-Signature-256', 'sha256=' + digest(text).hexdigest())]
    for what, data in (('', {'mimeType': head[0][1]}),
                       ('a charset', {'mimeType': head[0][1] + '; charset=UTF-8'}),
                       ('no type', {'mimeType': ''}),
                       ('an empty text', {'mimeType': head[0][1], 'text': ''})):
        said = probe.accepts('a form of fields, ' + what, route,
                             har(URL, head, params=fields, **data))
        probe.expect('its note', 'rebuilt' in said['notes'][0], True)
    for length, notes in ((len(text), 1), (len(text) + 4, 2)):
        said = probe.accepts('its length', route, har(URL, head + [('Content-Length', length)],
                                                      params=fields, mimeType=head[0][1]))
        probe.expect('notes', (len(said['notes']), 'not have the length' in said['notes'][-1]),
                     (notes, notes == 2))
    said = probe.accepts('a text beside the fields', route,
                         har(URL, head, text, params=fields, mimeType=head[0][1]))
    probe.expect('no note', [note for note in said.get('notes', []) if 'rebuilt' in note], [])
    said = probe.refuses('parts', route,
                         har(URL, head, params=fields, mimeType='multipart/form-data; boundary=x'))
    probe.expect('its note', 'fields of a form but not the bytes' in said['notes'][0], True)


@case
def har_says_where_it_went(probe):
    route = config('square', public_url=None)
    for url in (URL, URL.replace('https', 'http'), URL.replace('test/', 'test:8443/')):
        mark = base64_of(digest(url.encode() + BODY).digest())
        message = [JSON, ('x-square-hmacsha256-signature', mark)]
        probe.accepts('a HAR to ' + url, route, har(url, message, BODY))
        probe.refuses('a HAR to another host', route, har(url, message + [('Host', 'other')], BODY))
    said = probe.accepts('a HAR without a path', config('dropbox', path='/', public_url=None),
                         har('https://h.test?challenge=a/b', [], method='GET'))
    probe.expect('its answer', said['answer']['body'], 'a/b')


@case
def curl_is_read_as_it_prints(probe):
    route = config('dropbox')
    for what, text in (('plain', CURL),
                       ('a note', b'Note: Unnecessary use of -X or --request.\n' + CURL),
                       ('progress', PROGRESS + CURL),
                       ('HTTP/2', CURL.replace(b'HTTP/1.1\r\n> H', b'HTTP/2\r\n> H'))):
        said = probe.accepts('curl with ' + what, route, text)
        probe.expect('its answer', (said['answer']['body'], said.get('notes')), ('abc', None))


@case
def body_behind_what_curl_printed_counts(probe):
    route, head = config('github'), b'> '.join([b''] + request(SIGNED,
                                                               BODY)[:-len(BODY)].splitlines(True))
    said = probe.accepts('a body behind the head', route,
                         head + BODY + b'\n* upload completely sent off\n')
    probe.expect('its note', 'after the head' in said['notes'][0], True)
    for own in (b'', b'* upload completely sent off: 25 bytes\n',
                b'} [25 bytes data]\n* upload completely\n'):
        said = probe.refuses('no body', route, head + own)
        probe.expect('its note', '--body' in said['notes'][0], True)


@case
def raw_that_looks_like_curl_is_raw(probe):
    body = b'said:\n> GET / HTTP/1.1\n> \n'
    signed = SIGNED[:2] + [('X-Hub-Signature-256', 'sha256=' + digest(body).hexdigest())]
    probe.accepts('a body that holds what curl prints', config('github', extra='    content: raw'),
                  request(signed, body))


sys.exit(main())
