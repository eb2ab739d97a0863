"""Mailgun's messages: signed by fields of a form, of either kind, with attachments as files."""
import hashlib
import hmac
import json
import time
import urllib.parse

from harness import Server, ensure, expect, route, script
from multipart import field, file, multipart
from senders import SECRET, SENT

GIVEN = script('cat >"$OUT/event"; cat ${TENTERHOOK_FILE_1-/dev/null} >"$OUT/file"', stdin="event")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def message(token, signature=None):
    now = str(int(time.time()))
    right = hmac.new(SECRET.encode(), (now + token).encode(), hashlib.sha256).hexdigest()
    SENT.add(right)
    return {"subject": "Grüße", "timestamp": now, "token": token, "signature": signature or right}


with Server([route("mail", provider="mailgun-form", secret=SECRET, multipart={"file": "2MiB"},
                   max_body="4MiB", actions=[GIVEN])]) as server:
    def send(fields, *attachments):
        headers, body = multipart(*(field(*each) for each in fields.items()), *attachments)
        status = server.request("POST", "/mail", body, headers).status
        server.wait_settled()
        return status

    DATA = b"\0\r\n--" * 300000
    expect(send(message("a" * 50), file("attachment-1", "a.pdf", DATA)), 200)
    ensure(server.read("file") == DATA, "the attachment")
    expect(json.loads(server.read("event"))["form"]["subject"], "Grüße")
    for refused in ((message("b" * 50, "0" * 64),), ({**message("c" * 50), "token": "d" * 50},),
                    (message("e" * 50), field("token", "f" * 50))):
        expect(send(*refused), 401, "another signature, another token, two tokens")
    expect(send(message("g" * 50), file("x", "y", b"0" * (2 << 20) + b"1")), 413, "too large")
    body = urllib.parse.urlencode(message("h" * 50)).encode()
    expect(server.request("POST", "/mail", body, FORM).status, 200, "without attachments")
