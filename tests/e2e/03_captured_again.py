"""Late tries of the same bytes are taken; a copy under another id runs nothing, ever."""
import hashlib
import hmac
import time

from harness import Server, expect, ledger, route

SECRET, HOUR, JSON = "a secret that is long enough", 3600, {"Content-Type": "application/json"}

def digest(text):
    return hmac.new(SECRET.encode(), text, hashlib.sha256).hexdigest()

def linear(age):
    body = b'{"webhookTimestamp":%d}' % (1000 * (int(time.time()) - age))
    return body, {**JSON, "Linear-Delivery": "first", "Linear-Event": "Issue",
                  "Linear-Signature": digest(body)}

def zoom(age):
    stamp, body = int(time.time()) - age, b'{"event":"meeting.started"}'
    return body, {**JSON, "x-zm-request-timestamp": str(stamp),
                  "x-zm-signature": "v0=" + digest(b"v0:%d:" % stamp + body)}

SENDERS = {"linear": (linear, 7 * HOUR, 9 * HOUR), "zoom": (zoom, HOUR, 3 * HOUR)}
with Server([route(name, provider=name, secret=SECRET, actions=[ledger(name)])
             for name in SENDERS]) as server:
    late = {name: make(age) for name, (make, age, _) in SENDERS.items()}
    first = {name: server.post("/" + name, *late[name]) for name in SENDERS}
    expect([answer.status for answer in first.values()], [200] * len(SENDERS), "a late try")
    server.stop()
    server.start()
    for name, (make, _, too_old) in SENDERS.items():
        for delivery in ("first", "another", ""):
            body, headers = late[name]
            said = server.post("/" + name, body, {**headers, "Linear-Delivery": delivery}).json()
            expect((said["id"], said["duplicate"]), (first[name].json()["id"], True), name)
        expect(server.post("/" + name, *make(too_old)).status, 401, name + ", older than any try")
    server.wait_settled()
    expect([len(server.ledger(name)) for name in SENDERS], [1] * len(SENDERS),
           "runs of the command")
print(f"{len(SENDERS)} senders' late tries taken, their copies known again")
