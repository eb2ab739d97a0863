"""Signed URLs pass behind nginx with public_url or forwarded_host; a stranger changes nothing."""
import base64
import hmac

from client import Raw, format_request
from fronts import PAGE, ROUTES, TEXTS, Front, installed, upstream
from harness import expect, skip
from manual import SECRET_FILE, Manual

SMS = PAGE["What breaks signatures"]["yaml"][0].replace("/bin/sms", "/bin/deploy")
BARE = SMS.replace("name: sms", "name: bare").replace("/twilio\n", "/bare\n", 1)
BARE = BARE.replace("    public_url: https://hooks.example.org/twilio\n", "")
URL, FORGED = "https://hooks.example.org", "https://other.example"
HEADERS = {"X-Forwarded-Host": "other.example", "X-Forwarded-Proto": "https"}


def post(server, address, path, signed, source=None, **headers):
    """Twilio's form for the host that it knows, signed for `signed`."""
    code = hmac.digest(SECRET_FILE.encode(), f"{signed}BodyhiFrom1".encode(), "sha1")
    request = format_request("POST", path, b"Body=hi&From=1", {
        "Content-Type": "application/x-www-form-urlencoded",
        "X-Twilio-Signature": base64.b64encode(code).decode(), **headers}, "hooks.example.org")
    with Raw(address, server.certificate, source=source) as raw:
        return raw.send(request).answer().status


if "nginx" not in installed():
    skip("nginx is not installed")
for more, bare in ("", 401), ("\n  forwarded_host: true", 200):
    with Manual(ROUTES + SMS + BARE, ("127.0.0.1:8080", "127.0.0.1:0"),
                ("/etc/tenterhook/twilio.secret", "@DIR@/secret"),
                ("  health: /healthz", "  health: /healthz" + more)) as server:
        replaced = "127.0.0.1:8080", upstream(server)
        with Front("nginx", server, TEXTS["nginx"], replaced) as front:
            for path, status in ("/twilio?x=%2F", 200), ("/bare?x=%2F", bare):
                expect(post(server, front.address, path, URL + path), status, path + more)
            for source, address in (None, front.address), ("127.0.0.9", server.addresses[0]):
                expect(post(server, address, "/bare", FORGED + "/bare", source, **HEADERS), 401)
        server.wait_settled()
