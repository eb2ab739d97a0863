"""A link tells how far its event is, to GET and HEAD over TLS: the state of each action and its
times, and no word of what came or was put out. A copy has the link of the first."""
from harness import Server, ensure, expect, ledger, script, wait_until
from links import GATED, Gate, Waiting, ask, send, states, tracked

routes = [tracked(actions=[GATED, script("echo secret-words; exit 3", name="fails")]),
          tracked("good", actions=[ledger()]), tracked("off", track=False)]
with Server(routes, log={"level": "debug"}) as server:
    gate = Gate(server)
    link = send(server, body=b'{"word": "secret-words"}')
    wait_until(lambda: states(ask(server, link)) == ("running", "running", "failed"), "a failure")
    said = ask(server, link).json()
    expect(sorted(said), ["actions", "id", "received", "state"])
    expect(sorted(said["actions"][1]), ["attempt", "ended", "name", "started", "state"])
    expect(sorted(said["actions"][0]), ["attempt", "name", "started", "state"])
    ensure(b"secret" not in ask(server, link).body, "the event or its output is told")
    head = ask(server, link, method="HEAD")
    expect((head.body, head.headers["content-type"]), (b"", "application/json"))
    gate.open()
    expect(states(Waiting(server, link).answer()), ("failed", "done", "failed"))
    expect(send(server, status=202), link, "the link of what runs again")
    server.wait_settled()
    expect(ask(server, link).json()["actions"][1]["attempt"], 2)

    done = send(server, "/good")
    server.wait_settled()
    expect(states(ask(server, done)), ("done", "done"))
    expect(send(server, "/good", status=200), done, "the link of a copy")
    plain = server.request("POST", "/off", b"{}", {"Content-Type": "application/json"})
    expect((plain.status, plain.headers.get("location")), (202, None))
    server.wait_log(f"debug listener: tracked id={said['id']} route=hook peer=127.0.0.1 status=200")
print("running, failed, done, and a copy")
