"""Each sender gets the status and body that it takes for success, also of a copy."""
import subprocess

from harness import PROGRAM, Server, ensure, expect, ledger, route

SECRET, BASE64 = "a secret that is long enough", "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
TWIML, JSON, ID = (b"<Response/>", "text/xml"), (b'{"success":true}', "application/json"), None
ANSWERS = {"linear": (200, ID), "slack": (200, b""), "okta": (200, b""), "airtable": (200, b""), "hocuspocus": (204, b""),
           "twilio-form": (200, TWIML), "parse-server": (200, JSON), "woocommerce": (200, ID), "stripe": (202, ID)}
PING = b"POST /woocommerce HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded\r\n%s\r\n"


def secret_of(name):
    return BASE64 if name == "airtable" else SECRET


def signed(name):
    return subprocess.run([PROGRAM, "send", name, "--to", "https://h/" + name, "--secret", secret_of(name), "--print"],
                          capture_output=True, check=True).stdout


routes = [route(name, provider=name, secret=secret_of(name), public_url="https://h/" + name, actions=[ledger()])
          for name in ANSWERS]
with Server(routes) as server:
    for name, (status, body) in ANSWERS.items():
        message = signed(name)
        for again in (False, True):
            with server.raw(timeout=10) as raw:
                answer = raw.send(message).answer()
            expect(answer.status, 200 if again and name == "stripe" else status, name)
            body, kind = body if isinstance(body, tuple) else (body, answer.headers.get("content-type"))
            expect(answer.headers.get("content-type"), kind, name + "'s type")
            ensure(answer.json()["id"] if body is ID else answer.body == body, f"{name}: {answer.body}")
    for status, more in ((200, b"Content-Length: 13\r\n"), (401, b"Content-Length: 1000\r\nX-WC-Webhook-Topic: a\r\n")):
        with server.raw(timeout=5) as raw:
            expect(raw.send(PING % more + (b"webhook_id=12" if status == 200 else b"")).answer().status, status, "a ping")
    server.wait_settled()
    known = {"stripe", "okta", "twilio-form", "linear", "slack"}  # by an id or a time; the others' copies run again
    expect(len(server.ledger()), 2 * len(ANSWERS) - len(known), "runs of the command")
print(f"{len(ANSWERS)} senders answered as they want it")
