"""CloudEvents of the SDK for Node.js are the same payload in binary and structured mode, and one
that comes again is known."""
import base64
import json
import os
import subprocess

from harness import SOURCE, Server, ensure, expect, route, skip

TOKEN = "a token of the sender that is long enough"
FOLDER = f"{SOURCE}/tests/interop"
if not os.path.isdir(f"{FOLDER}/node_modules/cloudevents"):
    skip("the packages are not installed (npm ci in tests/interop)")
keep = {"shell": 'cat >"$OUT/$TENTERHOOK_EVENT"; echo "$REF" >>"$OUT/refs"', "stdin": "event",
        "env": {"OUT": "@OUT@", "REF": "{{payload.data.ref | default -}}"}}
with Server([route("hook", content="cloudevents", auth={"token": {"bearer": TOKEN}},
                   events="com.example.*", actions=[keep])], plain=True) as server:
    server.secrets.add(TOKEN)
    sender = subprocess.run(["node", FOLDER + "/cloudevents.mjs", server.addresses[-1] + "/hook",
                             TOKEN], capture_output=True, text=True, timeout=60, check=False)
    expect(sender.returncode, 0, sender.stderr)
    ensure(sender.stdout.count("taken") == 4, sender.stdout)
    server.wait_settled()
    binary, structured, data = (json.loads(server.read(f"com.example.{mode}"))
                                for mode in ("binary", "structured", "bytes"))
    for event, number in ((binary, "1"), (structured, "2"), (data, "3")):
        expect((event["delivery"], event["payload"]["id"]), (number, number))
    expect(base64.b64decode(data["payload"]["data_base64"]), b"\x00\x01\xff")
    for payload in (binary["payload"], structured["payload"]):
        del payload["id"], payload["type"]
        payload.pop("datacontenttype", None)
    expect(binary["payload"], structured["payload"])
    expect(server.read("refs").decode().split().count("refs/heads/main"), 2)
    expect(server.count("event"), 3, "the copy is none")
print("two modes, one payload; bytes as base64; a copy is known by source and id")
