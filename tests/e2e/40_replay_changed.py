"""A replay of what the changed file cannot carry out any more is dead, and says which value."""
import json

from harness import Server, ensure, expect, route, script

with Server([route(path="/hook/{dir}", actions=[script("exit 3", name="run")])]) as server:
    def replay(env, reason):
        server.settings["routes"][0]["actions"][0]["env"] = env
        server.write_settings()
        server.reload()
        tried = server.tool("verify", "--event", event)
        expect((tried.returncode, reason in tried.stdout), (1, True), tried.stdout)
        expect(server.tool("replay", event).returncode, 0, "a replay")
        server.wait_settled()
        shown = json.loads(server.tool("events", "show", event, "--json").stdout)["deliveries"][0]
        expect(shown["state"], "dead", f"{env}")
        ensure(reason in shown["reason"], f"{reason!r} in {shown['reason']}")

    event = server.post("/hook/x?a=1&a=2", b'{"nul": "\\u0000"}').json()["id"]
    server.wait_settled()
    for value, reason in (("{{payload.gone}}", "payload.gone in A is missing"),
                          ("{{query.a}}", "query.a in A is given more than once"),
                          ("{{payload.nul}}", "payload.nul in A "),
                          ("{{header.a}}", "header.a in A is missing")):
        replay({"A": value}, reason)
    server.settings["routes"][0]["actions"] = [{"name": "run", "command": ["true", "{{path.dir}}"]}]
    server.write_settings()
    server.reload()
    expect(server.tool("replay", event).returncode, 0, "a replay")
    server.wait_settled()
    expect(server.query("SELECT state FROM delivery"), [("done",)], "once the file is mended")
