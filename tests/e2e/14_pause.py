"""A paused route stores and starts nothing, after restarts and reloads too; resumed, all of it runs
in order, and nobody else has waited."""
from harness import Server, ensure, expect, ledger, route, wait_until

with Server([route(actions=[ledger()]), route("other", actions=[ledger("other")])],
            server={"commands": 1}) as server:
    def send(path="/hook"):
        answer = server.post(path, b'{"a": 1}')
        expect(answer.status, 202)
        return answer.json()["id"]

    def expect_paused():
        wait_until(lambda: "route hook is paused since" in server.tool("events").stderr, "the list")
        expect((server.ledger(), server.count("delivery", "state = 'pending'")), ([], len(sent)))

    said = server.tool("pause", "hook", "--because", "the disk is mended")
    ensure("route hook is paused" in said.stdout, said.stdout)
    server.wait_log(r'route_paused route=hook since=\S+ reason="the disk is mended"')
    sent = [send() for _ in range(5)]
    other = [send("/other")]
    wait_until(lambda: server.ledger("other") == other, "the other route to run")
    expect_paused()
    ensure("was paused before" in server.tool("pause", "hook").stdout, "twice")
    server.reload()
    sent.append(send())
    server.wait_log(r"(?s)(route_paused.*){2}")
    expect_paused()
    server.stop()
    server.start()
    server.wait_log(r"(?s)(route_paused.*){3}")
    sent += [send(), send()]
    other.append(send("/other"))
    wait_until(lambda: server.ledger("other") == other, "the other route to run again")
    expect_paused()
    ensure(": the disk is mended" in server.tool("check").stdout, "check tells")
    ensure("is resumed" in server.tool("resume", "hook").stdout, "resume")
    server.wait_settled()
    expect(server.ledger(), sent)
    ensure("is paused" not in server.tool("events").stderr, "the list")
    expect(server.tool("pause", "nobody").returncode, 1, "no such route")
