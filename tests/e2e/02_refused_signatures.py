"""A wrong, missing, truncated, doubled or empty signature is 401 and leaves no trace."""
from harness import Server, ensure, expect, ledger, route
from senders import github_headers, sign

BODY = b'{"ref":"refs/heads/main"}'
RIGHT = sign(BODY)
SIGNATURES = {
    "missing": "", "empty": " ", "wrong": sign(BODY, "another secret, as long as the first"),
    "of another body": sign(BODY + b" "), "truncated": RIGHT[:-1], "half": RIGHT[:39],
    "too long": RIGHT + "0", "prefix in upper case": RIGHT.upper(), "without prefix": RIGHT[7:],
    "prefix of sha1": "sha1=" + RIGHT[7:], "prefix alone": "sha256=", "doubled": RIGHT + RIGHT[7:],
    "twice in one value": RIGHT + ", " + RIGHT, "not hex": "sha256=" + "g" * 64, "one bit off":
    RIGHT[:-1] + format(int(RIGHT[-1], 16) ^ 1, "x"), "base64": "sha256=" + "QUFB" * 11,}


def doubled_headers(first, second):
    head = [f"POST /hook HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(BODY)}",
            "Content-Type: application/json", "X-GitHub-Event: push", "X-GitHub-Delivery: d",
            f"X-Hub-Signature-256: {first}", f"X-Hub-Signature-256: {second}"]
    with server.connect() as raw:
        return raw.send("\r\n".join(head).encode() + b"\r\n\r\n" + BODY).answer()


with Server([route(actions=[ledger()])]) as server:
    bodies = set()
    for name, signature in SIGNATURES.items():
        answer = server.post("/hook", BODY, github_headers(BODY, signature=signature))
        expect(answer.status, 401, name)
        bodies.add(answer.body)
    for first, second in ((RIGHT, RIGHT), (RIGHT, "sha256=0"), ("sha256=0", RIGHT)):
        expect(doubled_headers(first, second).status, 401, "two headers")
    ensure(len(bodies) == 1, f"all refusals read the same: {bodies}")
    expect(server.count(), 0, "events in the journal")
    for signature in (RIGHT, "sha256=" + RIGHT[7:].upper()):  # hex has two cases
        expect(server.post("/hook", BODY, github_headers(BODY, signature=signature)).status, 202,
               signature)
    server.wait_settled()
    expect(len(server.ledger()), 2, "runs of the command")
print(
    f"{len(SIGNATURES) + 3} wrong signatures: 401 each, one body, nothing journalled, nothing run")
