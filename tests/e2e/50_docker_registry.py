"""A Docker registry's notifications of a push reach a command through tenterhook."""
import hashlib
import json
import urllib.request

from harness import Server, expect, route, script, wait_until
from programs import Program, free_port, write

CONFIG = """
version: 0.1
storage: {filesystem: {rootdirectory: %(directory)s/registry}}
http: {addr: "127.0.0.1:%(port)d"}
notifications:
  endpoints:
    - {name: hook, url: "%(url)s/registry", timeout: 5s, threshold: 5, backoff: 100ms,
       headers: {Authorization: [Bearer a-token-that-is-long-enough]}}
"""
TYPE = "application/vnd.docker.distribution.manifest.v2+json"

def send(method, url, body=None, content_type="application/octet-stream"):
    request = urllib.request.Request(url, body, {"Content-Type": content_type}, method=method)
    with urllib.request.urlopen(request, timeout=10) as answer:
        return answer.headers.get("Location")

with Server([route("registry", provider="docker-registry", secret="a-token-that-is-long-enough",
                   max_body="4MiB", actions=[script('cat >>"$OUT/events"')])]) as server:
    server.secrets.add("a-token-that-is-long-enough")
    port = free_port()
    values = {"directory": server.directory, "port": port, "url": server.addresses[0]}
    file = write(server, "registry.yaml", CONFIG % values)
    trust = {"SSL_CERT_FILE": server.certificate}
    with Program(server, ["docker-registry", "serve", file], port, env=trust):
        base, blob = f"http://127.0.0.1:{port}/v2/a/thing", b"hello world"
        digest = "sha256:" + hashlib.sha256(blob).hexdigest()
        part = {"mediaType": TYPE, "size": len(blob), "digest": digest}
        send("PUT", send("POST", base + "/blobs/uploads/", b"") + "&digest=" + part["digest"], blob)
        manifest = {"schemaVersion": 2, "mediaType": TYPE, "config": part, "layers": []}
        send("PUT", base + "/manifests/latest", json.dumps(manifest).encode(), TYPE)
        wait_until(lambda: b'"tag": "latest"' in server.read("events"), "the notification", 30)
        expect(b"a/thing" in server.read("events"), True, "the repository's name")
