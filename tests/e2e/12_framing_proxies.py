"""A035: behind nginx and HAProxy no smuggling form becomes somebody else's request."""
import json

from client import Raw
from framing import head, signed_request
from harness import Server, ensure, expect, ledger, route, skip
from proxy import KINDS, Proxy, installed

FORMS = [("Content-Length: 5", "Transfer-Encoding: chunked"),
         ("Content-Length: 5", "Content-Length: 500"),
         ("Transfer-Encoding : chunked", "Content-Length: 5"),
         ("Transfer-Encoding: xchunked", "Content-Length: 5"), ("Content-Length : 5",),
         (": x",), (b"\0: x",), (b"X: a\r\n Content-Length: 9", "Content-Length: 5"),
         ("Transfer-Encoding: chunked", "Transfer-Encoding: identity"),
         (b"X: a\rContent-Length: 0", "Content-Length: 5")]

def attack(address):
    for form in FORMS:
        for ending in (b"0\r\n\r\n", b"hello"):
            with Raw(address, timeout=0.5) as raw:
                try:
                    raw.send(head(*form).replace(b"sha256=", b"sha256=f") + ending
                             + signed_request()).read_all()
                except OSError:
                    pass
            body = json.dumps({"form": str(form), "ending": str(ending),
                               "through": address}).encode()
            honest = Raw(address, timeout=5).send(signed_request("/hook", body)).answer()
            expect(honest.status, 202, f"somebody else after {form}")
            row = server.query("SELECT content FROM body, event WHERE seq = event AND id = ?",
                               honest.json()["id"])
            ensure(bytes(row[0][0]) == body, f"somebody else's answer is their own after {form}")

if not installed():
    skip("neither nginx nor HAProxy is installed")
with Server([route(actions=[ledger()]), route("other", actions=[ledger()])], plain=True) as server:
    for name in installed():
        with Proxy(name, server) as address:
            attack(address)
print(f"{2 * len(FORMS)} forms through each of {installed()}: the next answer was the caller's own")
