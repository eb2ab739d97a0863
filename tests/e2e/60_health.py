"""The health check is 200 while events would be stored, else 503 with the reason, no trace."""
import os
import signal

from harness import Server, expect, route, wait_until

ASKS, HEALTH = b" /healthz HTTP/1.1\r\nHost: a\r\n", {"health": "/healthz", "listeners": 1}


def health(method="GET", path="/healthz?x=1", body=b"", index=0):
    answer = server.request(method, path, body, index=index)
    return answer.status, answer.json().get("message")


def wait_health(status, message):
    wait_until(lambda: health() == (status, message), f"{status}: {message}", 30)


with Server([route(rate_limit={"rate": "1/h"})], plain=True, server=HEALTH) as server:
    path, lines = f"{server.state}/journal.db", server.log().count("listener:")
    expect([health(index=0), health(index=1)], [(200, None)] * 2, "on every address")
    expect(server.raw().send(b"HEAD" + ASKS + b"\r\n").answer("HEAD").status, 200, "HEAD")
    os.rename(path, path + "-")
    wait_health(503, "the journal cannot write")
    os.rename(path + "-", path)
    wait_health(200, None)
    expect((server.log().count("listener:"), server.count()), (lines, 0), "lines, and events")
    expect([health("POST")[0], health(body=b"{}")[0], health(path="/healthz/")[0]], [405, 413, 404])
    expect(server.post("/hook", b"{}").status, 202, "checks were not charged")
    os.kill(server.pid, signal.SIGSTOP)  # and no process starts another
    server.kill(server.processes("runner")[0])
    wait_health(503, "the runner is not there")
    os.kill(server.pid, signal.SIGCONT)
    wait_health(200, None)
    server.reload(journal={"min_free": "1000000GiB"})
    wait_health(503, "too little space is left for the journal")
    said, kept = server.log().count("draining"), server.raw().send(b"GET" + ASKS)
    os.kill(server.pid, signal.SIGTERM)
    wait_until(lambda: server.log().count("draining") > said, "the listener to leave")
    expect(kept.send(b"\r\n").answer().json()["message"], "the server is shutting down")
