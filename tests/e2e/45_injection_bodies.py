"""A body that is strange JSON is refused before it is stored, or reaches the file, the input and
the arguments as it was sent: deep, repeated, long numbers, half characters, other languages."""
import json

import hostile
from harness import Server, expect, route

TAKEN = [b'{"v":%s}' % (b"9" * 1000), b'{"v":-0.0}', b'{"v":1E+400}', b'{"v":1e-9999999999}',
         b'{"v":"\\ud83d\\ude00\\/\\u2028"}', b' \n{ "v" :\t[ 1 , { } ] } \r\n',
         b'{"v":' + b"[" * 30 + b"]" * 30 + b"}", b'{"v":"\\u001b[2J\\u0007"}', b'{"v":"\\ud83d"}',
         b'{"V":1,"v":"lower","__proto__":{"v":2},"v ":3}', b'{"v":"' + b"\\n" * 50000 + b'"}',
         '{"v":"\ufeff\u202e","":{"a.b":null}}'.encode()]
REFUSED = [b'{"v":%s}' % (b"9" * 5000), b'{"v":' + b"[" * 100000 + b"]" * 100000 + b"}", b"{'v':1}",
           b'{"v":1,"v":2}', b'{"v":1,"\\u0076":2}', b'{"v":"\xed\xa0\xbd"}', b'{"v":NaN}', b"v: 1",
           b'{"v":"\xff"}', b'{"v":"a\nb"}', b'{"v":1}\0', b'{"v":1}{"v":2}', b"{v: &a [*a]}", b"",
           b'{"v":0x1}', b'{"v":01}', b'{"v":"\\x41"}', b'{"v":"\\u0000"}', b'{"v":null}', b"[]",
           b'{"a\\u0000":1,"v":1}', b'\xef\xbb\xbf{"v":1}']


def parsed(text):
    return json.loads(text.replace("\\ud83d\"", "\ufffd\""), parse_float=str, parse_int=str)


command = hostile.shown("{{payload.v}}", "{{payload.v | json}}", body_file=True)
with Server([route("run", auth={"none": True}, actions=[command])]) as server:
    events = {}
    for body in TAKEN + REFUSED:
        answer = server.request("POST", "/run", body, {"Content-Type": "application/json"})
        expect(answer.status, 202 if body in TAKEN else (400, 422), f"{body[:40]} {answer}")
        events[answer.json().get("id")] = body
    server.wait_settled()
    expect(server.count(), len(TAKEN), "stored")
    for event, body in list(events.items())[:len(TAKEN)]:
        expect(hostile.given(server, event, "stdin"), body, "standard input")
        expect(hostile.given(server, event, "file"), body, "the file")
        argv = [argument.decode() for argument in hostile.given(server, event, "argv")]
        value = parsed(body.decode())["v"]
        expect(argv[0] if isinstance(value, str) else parsed(argv[0]), value, "argument")
        expect(parsed(argv[1]), value, "as JSON")
    hostile.check_nothing_ran(server)
