"""Over TLS an answer whose head is large comes whole, on a connection that goes on."""
from harness import Server, expect, route

ECHO = {"kind": "none", "content": "auto", "handshake": [
    {"when": [{"value": "header.x-echo", "exists": True}], "authenticated": False, "header": "X-Echo",
     "header_value": "{{header.x-echo}}", "body": "hello"}]}
SIZES = range(8, 1200, 24)
with Server([route(provider="echo", dedupe="off")], providers={"echo": ECHO}) as server, server.connect() as connection:
    for size in SIZES:
        answer = connection.request("POST", "/hook", b"{}", {"X-Echo": "k" * size})
        expect((answer.status, answer.headers["x-echo"], answer.body), (200, "k" * size, b"hello"), size)
print(f"{len(SIZES)} sizes on one connection")
