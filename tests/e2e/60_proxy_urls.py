"""Signed URLs pass behind nginx with public_url or forwarded_host; a stranger changes nothing."""
import base64
import hashlib
import hmac

from client import Raw
from fronts import PAGE, ROUTES, TEXTS, Front, installed
from harness import expect, skip
from manual import SECRET_FILE, Manual

SMS = PAGE["What breaks signatures"]["yaml"][0].replace("/usr/local/bin/sms", "/usr/local/bin/deploy")
BARE = SMS.replace("name: sms", "name: bare").replace("/twilio\n", "/bare\n", 1)
BARE = BARE.replace("    public_url: https://hooks.example.org/twilio\n", "")
URL = "https://hooks.example.org"


def post(server, address, path, signed, source=None, **headers):
    """Twilio's form for the host that it knows, signed for `signed`."""
    text = signed + "BodyhiFrom1"
    signature = base64.b64encode(hmac.new(SECRET_FILE.encode(), text.encode(), hashlib.sha1).digest()).decode()
    head = {"Host": "hooks.example.org", "Content-Type": "application/x-www-form-urlencoded", "Content-Length": "14",
            "X-Twilio-Signature": signature, **headers}
    lines = [f"POST {path} HTTP/1.1", *(f"{name}: {value}" for name, value in head.items())]
    with Raw(address, server.certificate, source=source) as raw:
        return raw.send("\r\n".join(lines).encode() + b"\r\n\r\nBody=hi&From=1").answer().status


if "nginx" not in installed():
    skip("nginx is not installed")
for more, bare in ("", 401), ("\n  forwarded_host: true", 200):
    with Manual(ROUTES + SMS + BARE, ("127.0.0.1:8080", "127.0.0.1:0"), ("/etc/tenterhook/twilio.secret", "@DIR@/secret"),
                ("  health: /healthz", "  health: /healthz" + more)) as server:
        with Front("nginx", server, TEXTS["nginx"], ("127.0.0.1:8080", server.addresses[0].partition("//")[2])) as front:
            expect(post(server, front.address, "/twilio?x=%2F", URL + "/twilio?x=%2F"), 200, "public_url")
            expect(post(server, front.address, "/bare?x=%2F", URL + "/bare?x=%2F"), bare, "without it" + more)
            forged = {"X-Forwarded-Host": "other.example", "X-Forwarded-Proto": "https"}
            expect(post(server, front.address, "/bare", "https://other.example/bare", **forged), 401, "a forged host")
            expect(post(server, server.addresses[0], "/bare", "https://other.example/bare", "127.0.0.9", **forged), 401, "and directly")
        server.wait_settled()
