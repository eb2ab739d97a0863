"""What `send` signs for a sender reaches the command over TLS; greetings are answered, not passed
on."""
import subprocess

from harness import PROGRAM, Server, expect, ledger, route

SECRET = "a secret that is long enough"
BASIC = "user:a password that is long enough"
SENDERS = {"stripe": SECRET, "slack": SECRET, "shopify": SECRET, "mailgun": SECRET,
           "alertmanager": BASIC, "adyen-platform": "0011223344556677" * 4}


def send(server, name, secret):
    url = server.addresses[0].replace("127.0.0.1", "localhost") + "/" + name
    return subprocess.run([PROGRAM, "send", name, "--to", url, "--secret", secret, "--event",
                           "made", "--ca", server.certificate], capture_output=True, text=True)


routes = [route(name, provider=name, secret=secret, actions=[ledger()])
          for name, secret in SENDERS.items()]
routes += [route("dropbox", provider="dropbox", secret=SECRET),
           route("trello", provider="trello", secret=SECRET)]
with Server(routes) as server:
    for name, secret in SENDERS.items():
        sent = send(server, name, secret)
        wanted = "200 " if name in ("slack", "shopify", "mailgun") else "202 "
        expect((sent.returncode, sent.stdout[:4]), (0, wanted), name + sent.stderr)
        expect(send(server, name, secret[:-1] + "0x"[secret[-1] == "0":][:1]).returncode, 1, name)
    server.wait_settled()
    expect(len(server.ledger()), len(SENDERS), "runs of the command")
    greeting = server.request("GET", "/dropbox?challenge=%3Cb%3E")
    expect((greeting.status, greeting.body), (200, b"<b>"))
    expect(greeting.headers["content-type"], "text/plain")
    expect(greeting.headers["x-content-type-options"], "nosniff")
    expect(server.request("HEAD", "/trello").status, 200)
    expect(server.request("GET", "/dropbox").status, 405, "a GET that is no greeting")
    expect(server.count(), len(SENDERS), "events in the journal")
print(f"{len(SENDERS)} senders accepted and run, greetings answered")
