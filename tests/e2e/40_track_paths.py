"""A link lies below the path as the client sent it, below the fixed part of one with a star, or
below public_url. A route with that very path has precedence, and a Location of its own stays."""
import re

from harness import Server, ensure, expect, route, script
from links import LINK, ask, send, states, tracked

ID = "01900000-0000-7000-8000-000000000000"
OUT = [{"shell": "echo out", "name": "run"}]
routes = [tracked(), tracked("put", "/hook", methods=["PUT"]), tracked("root", "/"),
          tracked("named", "/teams/{team}/hook"), tracked("deep", "/a/{b}/*"),
          tracked("tail", "/files/*", methods=["POST", "GET"], content="raw"),
          tracked("slash", "/slash/"), tracked("public", public_url="https://example.org/x/hook?v"),
          tracked("open", "/open/{team}", public_url="https://example.org/x/"),
          tracked("own", respond={"headers": {"location": "elsewhere"}}),
          tracked("output", actions=OUT, respond={"output": "run", "deadline": "60s"}),
          route("exact", f"/hook/events/{ID}", auth={"none": True}, methods=["GET"],
                content="raw")]
with Server(routes) as server:
    for path, base in (("/hook", "/hook"), ("/%68ook?x=1", "/%68ook"), ("/", ""),
                       ("/teams/a%20b/hook", "/teams/a%20b/hook"), ("/files/x/y", "/files"),
                       ("/a/b/c/d?e=/f", "/a/b"), ("/slash/", "/slash")):
        link = send(server, path, path)
        expect(re.fullmatch(LINK, link)[1], base)
        server.wait_settled()
        expect(states(ask(server, link))[0], "done", path)
    for path, base, at in (("/public", "https://example.org/x/hook", "/public"),
                           ("/open/a?b", "https://example.org/x/a", "/open/a")):
        link = send(server, path, path)
        expect(re.fullmatch(LINK, link)[1], base)
        ask(server, link.replace(base, at))
    put, own = (server.request(method, path, b"{}", {"Content-Type": "application/json"})
                for method, path in (("PUT", "/hook"), ("POST", "/own")))
    ask(server, put.headers["location"])
    expect(own.headers["location"], "elsewhere")
    expect(server.request("GET", f"/hook/events/{ID}?token=x").status, 202)
    expect(server.request("GET", f"/files/events/{ID[:-1]}?token=x").status, 202)
    ask(server, f"/files/events/{ID}?token=x", 404)
    link = send(server, "/output", status=200)
    expect(states(ask(server, link))[0], "done")
