"""Svix's two families of headers are one sender; one token may bring many events."""
import base64
import hmac
import json
import time

from harness import Server, expect, route, script

KEY, TOKEN_KEY = b"a key of thirty-two bytes for us", "a secret that is long enough"
SVIX = "whsec_" + base64.b64encode(KEY).decode()
now, JSON = int(time.time()), {"Content-Type": "application/json"}
keep = script('cat >"$OUT/$TENTERHOOK_DELIVERY"', stdin="event")

def b64(data):
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

def svix(family, name, body, key=KEY):
    mark = hmac.digest(key, b"%s.%d." % (name.encode(), now) + body, "sha256")
    return {f"{family}-id": name, f"{family}-timestamp": str(now),
            f"{family}-signature": "v1," + base64.b64encode(mark).decode()}

token = ".".join(b64(json.dumps(part).encode())
                 for part in ({"alg": "HS256"}, {"iat": now, "aud": "ours"}))
token += "." + b64(hmac.digest(TOKEN_KEY.encode(), token.encode(), "sha256"))
bearer = {"in": "header.authorization", "prefix": "Bearer "}
own = {"kind": "jws", "signature": bearer, "jws": {"audience": "ours"}, "delivery": "payload.id"}
with Server([route("svix", provider="svix", secret=SVIX, actions=[keep]),
             route("token", provider="own", secret=TOKEN_KEY, actions=[keep])],
            providers={"own": own}) as server:
    body, stray = b'{"type":"x"}', {"webhook-signature": "v1,of-the-other-family"}
    for headers, wanted in ((svix("svix", "a", body), 202), (svix("webhook", "b", body), 202), (
            svix("webhook", "a", body), 200), ({**svix("svix", "c", body), **stray}, 202), (
            {**svix("svix", "d", body, b"other"), **svix("webhook", "d", body)}, 401)):
        expect(server.request("POST", "/svix", body, {**JSON, **headers}).status, wanted, headers)
    sent = {**JSON, "Authorization": "Bearer " + token}
    for name, wanted in (("1", 202), ("2", 202), ("1", 200)):
        event = json.dumps({"id": name}).encode()
        expect(server.request("POST", "/token", event, sent).status, wanted, name)
    server.wait_settled()
    expect([b"signature" in server.read(name) for name in "abc12"], [False] * 5, "kept signatures")
