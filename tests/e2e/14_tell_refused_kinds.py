"""A wrong secret is noticed where no header of its own has it, too: in a signature that stands in
its body, and in a provider's basic authentication; not in a request that has none."""
import base64
import hashlib
import hmac
import json
import time

from harness import Server, expect, wait_until
from telling import ALERT, told

RIGHT, WRONG = "right-secret-0123456789", "wrong-secret-0123456789"

def mailgun(secret, token):
    stamp = str(int(time.time()))
    sign = hmac.new(secret.encode(), (stamp + token).encode(), hashlib.sha256).hexdigest()
    return {"signature": {"timestamp": stamp, "token": token, "signature": sign}}

def basic(secret):
    return {"Authorization": "Basic " + base64.b64encode(f"user:{secret}".encode()).decode()}

KEYS = {"on_failure": ALERT, "tell_every": "100ms", "expect": "2s", "actions": [{"shell": ":"}]}
SECRETS = {"mailgun": RIGHT, "postmark": f"user:{RIGHT}"}
with Server([{"name": f"{kind}-{name}", "path": f"/{kind}-{name}", "provider": kind,
              "secret": SECRETS[kind], **KEYS}
             for kind in SECRETS for name in ("changed", "bare")]) as server:
    def send(path, body=None, headers=None):
        body = json.dumps(body or {}).encode()
        return server.request("POST", path, body, {"Content-Type": "application/json",
                                                   **(headers or {})}).status

    for name in ("changed", "bare"):
        expect(send(f"/mailgun-{name}", mailgun(RIGHT, name)), 200)
        expect(send(f"/postmark-{name}", headers=basic(RIGHT)), 200)
        bad = name == "changed"
        expect(send(f"/mailgun-{name}", mailgun(WRONG, "x") if bad else {}), 401)
        expect(send(f"/postmark-{name}", headers=basic(WRONG) if bad else {}), 401)
    wait_until(lambda: len(told(server)) == 6, "all to be silent, and two to be told more")
    expect(sorted(one["route"] for one in told(server) if one["event"] == "tenterhook.refused"),
           ["mailgun-changed", "postmark-changed"])
