"""Events whose links are followed: routes with `track`, and what a link says."""
import re
import time

from client import format_request
from gates import Gate
from harness import ensure, expect, route, script

GATED = script('exec dd bs=2 count=1 <"$OUT/gate"', name="run", stdin="none")
LINK = r"(\S*)/events/([0-9a-f-]{36})\?token=([\w-]{22})"
JSON = {"Content-Type": "application/json"}


def tracked(name="hook", path=None, **keys):
    return route(name, path, **{"auth": {"none": True}, "delivery": "header.x-id", "track": True,
                                **keys})


def send(server, path="/hook", name="1", body=b"{}", status=202, **headers):
    """The Location of the answer to an event."""
    answer = server.request("POST", path, body, {**JSON, "X-Id": name, **headers})
    expect(answer.status, status, path)
    link = answer.headers.get("location", "")
    match = re.fullmatch(LINK, link)
    ensure(match, f"a link: {link!r}")
    server.secrets.add(match[3])
    return link


def ask(server, link, status=200, method="GET", **headers):
    answer = server.request(method, link, b"", headers)
    expect(answer.status, status, f"{method} {link}")
    expect(answer.headers["cache-control"], "no-store")
    expect(answer.headers["x-content-type-options"], "nosniff")
    return answer


def states(answer):
    """The state of the event, and that of each action."""
    said = answer.json()
    return said["state"], *(action["state"] for action in said["actions"])


class Waiting:
    """A question that is asked and not answered yet."""

    def __init__(self, server, link, wait="60s", **options):
        self.began = time.monotonic()
        self.connection = server.connect(timeout=90, **options)
        self.connection.send(format_request("GET", f"{link}&wait={wait}"))

    def answer(self):
        with self.connection:
            return self.connection.answer("GET")

    def seconds(self):
        return time.monotonic() - self.began


__all__ = ["GATED", "Gate", "Waiting", "ask", "send", "states", "tracked"]
