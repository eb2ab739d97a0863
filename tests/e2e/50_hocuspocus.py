"""Hocuspocus' signed webhooks, sent by its own extension over TLS, reach a command through
tenterhook."""
import os

from harness import SOURCE, Server, expect, route, script, skip, wait_until
from programs import Program

SECRET = "a secret of hocuspocus that is long enough"
FOLDER = f"{SOURCE}/tests/interop"
if not os.path.isdir(f"{FOLDER}/node_modules/@hocuspocus"):
    skip("the packages are not installed (npm ci in tests/interop)")
keep = script('cat >"$OUT/$TENTERHOOK_EVENT"')
with Server([route("hook", provider="hocuspocus", secret=SECRET, actions=[keep]),
             route("other", provider="hocuspocus", secret=SECRET[::-1], actions=[keep])]) as server:
    server.secrets.add(SECRET)
    url = server.addresses[0].replace("127.0.0.1", "localhost")
    for path, sent in (("/other", False), ("/hook", True)):
        command = ["node", FOLDER + "/hocuspocus.mjs", url + path, SECRET]
        with Program(server, command, env={"NODE_EXTRA_CA_CERTS": server.certificate}) as sender:
            wait_until(lambda: sender.process.poll() is not None if sent
                       else "route=other" in server.log(), "the sender", 40)
            expect(sender.process.poll(), 0 if sent else sender.process.poll(), sender.log())
    server.wait_settled()
    expect(b'"key":"value"' in server.read("change"), True, "the change of the document")
    expect(b"a-document" in server.read("connect"), True, "the connection")
    server.wait_log(r"refused route=other .*status=401")
print("connect and change came signed and reached their commands; with another secret they were "
      "refused")
