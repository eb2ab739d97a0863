"""Signed bodies in each content coding reach conditions, commands and the journal unfolded; what is
stored is unfolded once, for `verify` and `replay` too."""
import json

from folding import CODINGS, folded_headers, with_zlib
from harness import Server, expect, route, script

BODY = json.dumps({"ref": "refs/heads/main", "commits": [{"id": n} for n in range(3000)]}).encode()
UNFOLDED = {"kind": "hmac", "signed": "{{body}}", "signed_body": "unfolded",
            "signature": {"in": "header.x-hub-signature-256", "prefix": "sha256="},
            "delivery": "payload.id"}
routes = [
    route(actions=[script('cat >"$OUT/body"; echo "$SENT" >>"$OUT/sent"', stdin="body")],
          when=[{"value": "payload.commits[2999].id", "equals": 2999}]),
    route("own", provider="own", secret="an end-to-end secret that is long enough")]
routes[0]["actions"][0]["env"]["SENT"] = "{{header.content-encoding | default none}}"

# memory that is not given back would be missing at the third body
with Server(routes, providers={"own": UNFOLDED}, server={"body_memory": "256KiB"},
            defaults={"max_body": "64KiB", "unfold": {"size": "100KiB"}}) as server:
    for coding, fold in CODINGS:
        packed = fold(BODY)
        expect(server.post("/hook", packed, folded_headers(coding, packed)).status, 202, coding)
        server.wait_settled()
        expect(server.read("body") == BODY, True, coding + " as the command has it")
    expect(server.count("event", f"size = {len(BODY)}"), len(CODINGS), "stored unfolded")
    expect(server.read("sent").decode().split(), [coding for coding, _ in CODINGS], "as sent")

    event = server.query("SELECT id FROM event ORDER BY seq LIMIT 1")[0][0]
    expect(server.tool("verify", "--event", event).returncode, 0, "verify --event")
    expect(server.tool("replay", event).returncode, 0, "replay")
    server.wait_settled()
    expect((len(server.read("sent").split()), server.read("body") == BODY), (10, True), "replayed")

    for body, signed, wanted in ((b'{"id":"a"}', b'{"id":"a"}', 202), (b'{"id":"a"}', b"{}", 401),
                                 (b'{"id":"a"} ', b'{"id":"a"} ', 200)):
        headers = folded_headers("gzip", signed)
        expect(server.post("/own", with_zlib(body, 31), headers).status, wanted, f"own {body}")
    expect(server.post("/own", b"{}", folded_headers("gzip", b"{}")).status, 400, "own, not gzip")
    expect(server.post("/own", b'{"id":"a"}', folded_headers("", b'{"id":"a"}')).status, 200)
