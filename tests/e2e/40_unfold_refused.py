"""What is not unfolded is refused, by the head where that says so, and never becomes an event,
unless the route takes it as it is."""
import json

from client import format_request
from folding import folded_headers, with_zlib
from harness import Server, expect, route, script

TAKEN = "gzip, deflate, br, zstd"
PACKED = with_zlib(json.dumps(list(range(1000))).encode(), 31)
routes = [route(), route("off", unfold="off"),
          route("raw", content="raw", unfold="off", actions=[script(
              'cat >"$OUT/raw"', stdin="event")])]

with Server(routes, plain=True) as server:
    def post(path, body, coding):
        answer = server.post(path, body, folded_headers(coding, body))
        return answer.status, answer.headers.get("accept-encoding")

    for body, coding in ((PACKED[:-1], "gzip"), (PACKED + b"\0", "gzip"), (PACKED, "br"),
                         (PACKED, "zstd"), (b"{}", "gzip"), (PACKED[:-8] + b"\1" * 8, "gzip")):
        expect(post("/hook", body, coding), (400, None), f"{coding} of {len(body)} bytes")
    for coding in ("gzip, gzip", "compress", "gzip, br"):
        expect(post("/hook", PACKED, coding), (415, TAKEN), coding)
    expect(post("/off", PACKED, "gzip"), (415, "identity"), "unfold: off")
    unsigned = {**folded_headers("compress", PACKED), "X-Hub-Signature-256": "sha256=0"}
    expect(server.post("/hook", PACKED, unsigned).status, 401, "a stranger learns nothing of it")
    wrong = {**folded_headers("gzip", PACKED + b"."), "Content-Encoding": "gzip"}
    expect(server.post("/hook", PACKED, wrong).status, 401, "the bytes as sent are signed")
    with server.raw() as raw:
        head = {**folded_headers("compress", PACKED), "Expect": "100-continue"}
        raw.send(format_request("POST", "/hook", PACKED, head)[:-len(PACKED)])
        expect(raw.receive()[:12], b"HTTP/1.1 415", "without 100 Continue")
    expect(server.post("/hook", b"", folded_headers("gzip", b"")).status, 400, "empty: no JSON")
    expect(server.count(), 0, "no event")
    expect(post("/raw", PACKED, "gzip, aes128gcm"), (202, None), "raw and off")
    server.wait_settled()
    said = json.loads(server.read("raw"))
    expect(said["headers"]["content-encoding"], "gzip, aes128gcm", "what the bytes are")
