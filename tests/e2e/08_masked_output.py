"""No secret of the route file that a command was given is in its kept output or in its answer."""
from harness import SECRET, Server, ensure, expect, route, script

TOKEN, QUERY = "a-token-of-32-bytes-for-the-query", "short"
SAY = 'echo "$TOKEN|$SHORT|$GIVEN|own"; echo "bad: $TOKEN" >&2'
routes = [
    route(actions=[script(SAY, stdin="none", pass_env=["TOKEN"])]),
    route("argument", actions=[{"command": ["printf", "%s.", f"--key={SECRET}", TOKEN, "end"]}]),
    route("cut", actions=[script('printf "%s%s" "$TOKEN" tail', stdin="none", pass_env=["TOKEN"],
                                 output="10B")]),
    route("answers", auth={"token": {"query": "t", "value": {"env": "TOKEN"}}}, content="raw",
          actions=[{"name": "run", **script('echo "got $TOKEN"', stdin="none",
                                            pass_env=["TOKEN"])}],
          respond={"output": "run", "deadline": "60s"})]
routes[0]["actions"][0]["env"].update(SHORT=QUERY, GIVEN=f"user:{SECRET}")
with Server(routes, env={"TOKEN": TOKEN}) as server:
    server.secrets.add(TOKEN)
    for name, output in (("hook", b"[secret]|short|user:[secret]|own\n"),
                         ("argument", b"--key=[secret].[secret].end."),
                         ("cut", b"ecret]tail")):
        event = server.post("/" + name, b"{}").json()["id"]
        server.wait_settled()
        kept = server.query("SELECT output, error_output FROM output ORDER BY delivery")[-1]
        expect(kept[0], output, f"the output of {name}")
        ensure(TOKEN not in server.tool("events", "show", event).stdout, "events show")
        if name == "hook":
            expect(kept[1], b"bad: [secret]\n", "the standard error")
    answer = server.request("POST", f"/answers?t={TOKEN}", b"{}")
    expect((answer.status, answer.body), (200, b"got [secret]\n"))
