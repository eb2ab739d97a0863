"""What may not wait any more is answered 503 before it is stored; what was taken runs, and then
there is room again. A copy of what waits is known all the same."""
from harness import Server, ensure, expect, ledger, route

with Server([route(actions=[ledger()], queue={"max": 3}), route("large", queue={"bytes": "100B"}),
             route("other", actions=[ledger("other")])], journal={"queue": {"max": 6}}) as server:
    def send(path="/hook", body=b'{"a": 1}', name=None):
        return server.post(path, body, delivery=name) if name else server.post(path, body)

    for name in ("hook", "large", "other"):
        server.tool("pause", name)
        server.wait_log(f"route_paused route={name}")
    taken = [send(name=f"n{i}").json()["id"] for i in range(3)]
    refused = send()
    expect((refused.status, refused.json()["error"]), (503, "backlog_full"))
    expect(refused.headers["retry-after"], "30")
    expect(send(name="n1").json(), {"id": taken[1], "duplicate": True}, "a copy")
    server.wait_log("backlog_full route=hook deliveries=3 bytes=24")
    expect(send("/large", b'"' + b"x" * 200 + b'"').status, 202, "alone")
    expect(send("/large", b"1").status, 503)
    expect([send("/other").status for _ in range(3)], [202, 202, 503], "of all routes")
    server.wait_log(r"backlog_full route=\* deliveries=6")
    server.stop()
    server.start()
    expect([send(path).status for path in ("/hook", "/large", "/other")], [503] * 3, "again")
    expect(server.count(), 6, "stored")
    for name in ("hook", "large", "other"):
        server.tool("resume", name)
    server.wait_settled()
    expect([send(path).status for path in ("/hook", "/large", "/other")], [202] * 3)
    server.wait_settled()
    expect(sorted(server.ledger())[:3], sorted(taken))
    server.wait_log("backlog_room route=hook")
