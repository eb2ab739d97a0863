"""Unfolded bodies are counted in body_memory, and given back: what fits is taken again and again,
what never can is refused with 413, a stranger's share for strangers."""
from folding import folded_headers, with_zlib
from harness import Server, ensure, expect, route

BODY = b"".join(b"%d " % number for number in range(200000))
ROUTES = [route(content="raw"), route("open", auth={"none": True}, content="raw")]
with Server(ROUTES, server={"body_memory": "2MiB", "listeners": 1}) as server:
    def post(path, size):
        packed = with_zlib(BODY[:size], 31)
        headers = folded_headers("gzip", packed)
        return server.post(path, packed, headers).status

    for _ in range(8):
        expect((post("/hook", 600000), post("/open", 200000)), (202, 202), "what fits")
    for path, size in (("/hook", 1200000), ("/open", 1200000)):
        expect(post(path, size), 413, f"{size} bytes at {path}")
    ensure("server.body_memory" in server.log(), "the log names the key")
    server.wait_settled()
    expect(server.count("event", "size = 600000"), 8, "events")
