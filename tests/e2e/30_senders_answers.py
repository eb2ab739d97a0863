"""Each sender gets the status and body that it takes for success, also of a copy."""
from client import format_request
from harness import Server, ensure, expect, ledger, route, run_program

BASE64 = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="
TWIML, JSON, ID = (b"<Response/>", "text/xml"), (b'{"success":true}', "application/json"), None
ANSWERS = {"linear": (200, ID), "slack": (200, b""), "okta": (200, b""), "airtable": (200, b""),
           "hocuspocus": (204, b""), "twilio-form": (200, TWIML), "parse-server": (200, JSON),
           "woocommerce": (200, ID), "stripe": (202, ID)}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def secret_of(name):
    return BASE64 if name == "airtable" else "a secret that is long enough"


def signed(name):
    return run_program("send", name, "--to", "https://h/" + name, "--secret", secret_of(name),
                       "--print", text=False).stdout


routes = [route(name, provider=name, secret=secret_of(name), public_url="https://h/" + name,
                actions=[ledger()]) for name in ANSWERS]
with Server(routes) as server:
    for name, (status, body) in ANSWERS.items():
        message = signed(name)
        for again in (False, True):
            answer = server.raw(timeout=10).send(message).answer()
            expect(answer.status, 200 if again and name == "stripe" else status, name)
            kind = answer.headers.get("content-type")
            body, wanted = body if isinstance(body, tuple) else (body, kind)
            expect(kind, wanted, name + "'s type")
            ensure(answer.json()["id"] if body is ID else answer.body == body, answer.body)
    ping = format_request("POST", "/woocommerce", b"webhook_id=12", FORM)
    event = format_request("POST", "/woocommerce", b"x" * 1000, FORM | {"X-WC-Webhook-Topic": "a"})
    for status, request in (200, ping), (401, event[:-1000]):
        expect(server.raw(timeout=5).send(request).answer().status, status, "a ping")
    server.wait_settled()
    known = {"stripe", "okta", "twilio-form", "linear", "slack"}  # by an id or a time
    expect(len(server.ledger()), 2 * len(ANSWERS) - len(known), "of the others two")
