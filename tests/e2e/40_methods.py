"""HEAD tells whether a head would pass, OPTIONS which methods there are; neither is an event."""
from harness import Server, ensure, expect, ledger, route
from senders import SECRET

METHODS = ["POST", "HEAD", "OPTIONS"]
TOKEN = {"Authorization": "Bearer " + SECRET}
SIGNED = {"X-Hub-Signature-256": "sha256=" + "0" * 64, "X-GitHub-Event": "push",
          "X-GitHub-Delivery": "1"}
ORIGIN = {"WebHook-Request-Origin": "eventgrid.azure.net"}
routes = [route(methods=METHODS, actions=[ledger()]),
          route("token", methods=METHODS, auth={"token": {"bearer": SECRET}}, actions=[ledger()],
                respond={"status": 201, "body": "thanks"}),
          route("token-get", "/token", methods=["GET"], content="raw", actions=[ledger()],
                auth={"token": {"bearer": SECRET}}),
          route("open", methods=["GET", "HEAD"], content="raw", auth={"none": True}),
          route("events", provider={"name": "cloudevents", "origin": "eventgrid.azure.net"},
                secret=SECRET, methods=METHODS),
          route("post", auth={"none": True})]
with Server(routes) as server:
    def ask(method, path, headers=None):
        answer = server.request(method, path, b"", headers)
        expect(answer.body, b"", f"{method} {path} has no body")
        return answer.status, answer.headers.get("allow")

    for path, headers, wanted in (("/hook", {}, 401), ("/hook", SIGNED, 200), ("/token", {}, 401), (
            "/token", TOKEN, 200), ("/open", {}, 200), ("/none", {}, 404), ("/events", TOKEN, 200)):
        expect(ask("HEAD", path, headers)[0], wanted, f"HEAD {path} {headers}")
    expect(ask("HEAD", "/post"), (405, "POST"))
    expect(ask("OPTIONS", "/hook"), (204, "POST, HEAD, OPTIONS"))
    expect(ask("OPTIONS", "/token"), (204, "POST, HEAD, OPTIONS, GET"))
    expect(ask("OPTIONS", "/events"), (204, "POST, HEAD, OPTIONS"))
    greeted = server.request("OPTIONS", "/events", b"", ORIGIN)
    expect((greeted.status, greeted.headers.get("webhook-allowed-origin")),
           (200, ORIGIN["WebHook-Request-Origin"]))
    expect(server.request("OPTIONS", "/events", b"", {"WebHook-Request-Origin": "x"}).status, 403)
    expect(server.request("OPTIONS", "/post").status, 405)
    ensure(server.wait_log("handshake.*HEAD") and server.count() == 0, "no event")
print("HEAD 200, 401, 404 and 405 without a body; OPTIONS with Allow, or CloudEvents' greeting")
