"""A provider's forms are taken, the rest is refused by the book, senders read what they want."""
import base64
import hashlib
import hmac
import json
import urllib.parse

from harness import Server, expect, ledger, route
from senders import github_headers

FORM = "application/x-www-form-urlencoded"
routes = [route(actions=[ledger()]), route("form", content="form", auth={"none": True}),
          route("auto", content="auto", auth={"none": True}),
          route("xero", provider="xero", secret="a secret that is long enough", actions=[ledger()]),
          route("schema", content="form", auth={"none": True}, schema={"type": "object"})]
with Server(routes) as server:
    def status(path, body, content_type):
        signed = github_headers(body) if path == "/hook" else {}
        return server.request("POST", path, body, {**signed, "Content-Type": content_type}).status

    payload = ("payload=" + urllib.parse.quote(json.dumps({"ref": "main"}))).encode()
    for path, body, content_type, wanted in (("/hook", payload, FORM, 202), (
            "/hook", b"{}", "application/json", 202), ("/hook", b"a=%zz", FORM, 400), (
            "/hook", b"{}", "text/plain", 415), ("/hook", b"x", "application/json", 400), (
            "/hook", b"{}", "", 415), ("/form", b"a=1&b=%20", FORM + "; charset=utf-8", 202), (
            "/form", b"{}", "application/json", 415), ("/form", b"a=%", FORM, 400), (
            "/auto", b"a=1", FORM, 202), ("/auto", b"{", "application/json", 400), (
            "/auto", b"{}", "text/plain", 202), ("/auto", b"<x/>", "application/xml", 202), (
            "/auto", b"\x00", "", 202), ("/schema", b"a=1", FORM, 400)):
        expect(status(path, body, content_type), wanted, f"{path} {content_type} {body!r}")
    right = base64.b64encode(hmac.new(b"a secret that is long enough", b"{}",
                                      hashlib.sha256).digest()).decode()
    for signature, wanted in (("AAAA", 401), (right, 200)):
        answer = server.request("POST", "/xero", b"{}",
                                {"Content-Type": "application/json", "x-xero-signature": signature})
        expect((answer.status, answer.body), (wanted, b""), "xero reads nothing")
    server.wait_settled()
    expect((len(server.ledger()), server.count("event", "is_json")), (3, 3))
print("15 bodies judged by route, provider and media type; an answer without a body for who wants "
      "none")
