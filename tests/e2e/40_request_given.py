"""A command and a pipe get the method, the path, its segments and the query, but no credentials."""
import json

from harness import Server, ensure, expect, route, script

TOKEN = "a-long-enough-token"
probe = script('cat >"$OUT/event"; env -0 >"$OUT/env"', stdin="event")
routes = [route("call", "/a/{env}/{Svc}/x", content="raw", methods=["GET", "POST"],
                auth={"token": {"query": "key", "value": TOKEN}}, actions=[probe])]
with Server(routes) as server:
    target = f"/a/prod/web%20%C3%A4;id/x?service=%22w%22&key={TOKEN}&a=1&a=%0a&k%65y={TOKEN}&=&b"
    answer = server.request("GET", target)
    expect(answer.status, 202)
    server.wait_settled()
    event = json.loads(server.read("event"))
    query = {"service": '"w"', "a": ["1", "\n"], "": "", "b": ""}
    params = {"env": "prod", "Svc": "web ä;id"}
    expect({name: event[name] for name in ("method", "path", "params", "query")},
           {"method": "GET", "path": "/a/prod/web ä;id/x", "params": params, "query": query})
    env = dict(pair.split("=", 1) for pair in server.read("env").decode().split("\0") if pair)
    expect({name[11:]: value for name, value in env.items()
            if name[11:].startswith(("METHOD", "PATH", "PARAM"))},
           {"METHOD": "GET", "PATH": "/a/prod/web ä;id/x", "PARAM_ENV": "prod",
            "PARAM_SVC": "web ä;id"})
    shown = json.loads(server.tool("events", "show", answer.json()["id"], "--json").stdout)
    expect((shown["method"], shown["path"], shown["params"], shown["query"]),
           ("GET", "/a/prod/web ä;id/x", params, query))
    expect(shown["host"], server.query("SELECT host FROM event")[0][0])
    ensure(TOKEN not in json.dumps([event, env, shown]) + str(server.query("SELECT * FROM body")),
           "the token is nowhere")
    expect(server.request("POST", f"/a/1/2/x?key={TOKEN}", b"x").status, 202)
    server.wait_settled()
    expect(json.loads(server.read("event"))["method"], "POST")
print("method, path, segments and query in the envelope, the environment, the journal; no token")
