"""A token opens the link of its own event alone: wrong ones, those of other events and routes, and
ids that never were have one answer. Whoever guesses is limited, and no query is in the log."""
from harness import Server, expect, ledger, wait_until
from links import ask, send, tracked

routes = [tracked("hook", actions=[ledger()], rate_limit={"rate": "5/d", "burst": 5}),
          tracked("other"), tracked("put", "/hook", methods=["PUT"]), tracked("off", track=False),
          tracked("closed", deny=["127.0.0.2"])]
with Server(routes, log={"level": "debug"}) as server:
    first, second, other = send(server), send(server, name="2"), send(server, "/other")
    token = first.partition("token=")[2]
    server.wait_settled()
    nowhere = "/hook/events/01900000-0000-7000-8000-000000000000?token="
    same = ("c" if token[0] != "c" else "d") + token[1:]
    answers = [ask(server, link, 404) for link in (
        first.replace(token, ""), first.replace(token, same), first[:-1], first + "x",
        first + "&token=" + token, first.split("?")[0], first.replace("token=", "Token="),
        second.split("token=")[0] + "token=" + token, nowhere + token, nowhere + "x",
        first.replace("/hook/", "/other/"), first.replace("/hook/", "/put/"),
        first.replace("/hook/", "/off/"), first.replace("/events/", "/event/"))]
    expect(len({answer.body for answer in answers}), 1)
    expect(len({tuple(sorted(set(answer.headers) - {"date"})) for answer in answers}), 1)
    ask(server, first.upper().replace("/HOOK/EVENTS", "/hook/events"), 404)
    expect(server.request("POST", first, b"{}").status, 404)
    expect(server.request("GET", first, b"{}").status, 413)
    for link in (first, second, other):
        ask(server, link)
    closed = send(server, "/closed")
    with server.connect(source="127.0.0.2") as stranger:
        expect(stranger.request("GET", closed).status, 403)

    codes = [server.request("GET", nowhere + str(number)).status for number in range(60)]
    expect(set(codes), {404, 429})
    expect(server.request("GET", first).status, (200, 429))
    send(server, name="3")  # events are counted apart
    wait_until(lambda: server.request("GET", first).status == 200, "time to give a token back")
    log = server.log()
    expect([word for word in ("token=", "?", "Token") if word in log], [])
print(f"{len(answers)} links that are none, and {codes.count(429)} of 60 guesses cut off")
