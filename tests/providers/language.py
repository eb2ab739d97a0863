#!/usr/bin/env python3
"""The words that schemes are described in: what they take, what they refuse, and what `check` says to wrong ones."""
import hashlib
import sys

from probe import JSON, NOW, SECRET, URL, base64_of, base64url_of, case, config, digest, main, request

BODY = b'{"id": "evt_1", "type": "made"}'


def own(*lines):
    """A scheme `own` of those lines, for config()."""
    return 'providers:\n  own:\n' + '\n'.join('    ' + line for line in lines)


def wrong(probe, what, lines, said, **keys):
    """`check` refuses the scheme and says so."""
    code, text = probe.check(config('own', own=own(*lines), **keys))
    probe.expect(what, (code, text if said not in text else said), (1, said))


@case
def hex_comes_in_either_case(probe):
    mark = digest(BODY).hexdigest()
    mixed = ''.join(c.upper() if i % 3 else c for i, c in enumerate(mark))
    routes = {'X-Hub-Signature-256': config('github'),
              'X-Own': config('own', own=own('kind: hmac', 'signed: "{{body}}"', 'signature: {in: header.x-own, prefix: "sha256="}')),
              'X-Auth': config('github', extra='').replace('    provider: {name: github}\n', '    auth: {hmac: {header: x-auth, prefix: "sha256=", secret: %s}}\n' % SECRET).replace(
                  '    secret: ["%s"]\n' % SECRET, '')}
    for name, route in routes.items():
        for text in (mark, mark.upper(), mixed):
            probe.accepts(name + ' ' + text, route, request([JSON, (name, 'sha256=' + text)], BODY))
            for changed in (text[:-1] + ('0' if text[-1] not in '0' else '1'), text[:-1], text + '0', text[:-1] + 'g', 'SHA256=' + text):
                probe.refuses(name + ' ' + changed, route, request([JSON, (name, 'sha256=' + changed)], BODY))
        probe.refuses('the prefix in another case', route, request([JSON, (name, 'SHA256=' + mark)], BODY))


sys.exit(main())
