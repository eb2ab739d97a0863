"""Work that takes long has a line of progress on a terminal, which is gone before anything else is
printed; a pipe has none."""
import re

from harness import Server, ensure, expect, route, script
from terminal import obeyed, on_terminal

with Server([route(actions=[script("sleep 1.5", name="slow")])]) as server:
    event = server.post("/hook", b"{}").json()["id"]
    server.wait_settled()
    words = ["replay", event, "--wait", "-c", server.file]
    got = on_terminal(*words, term="xterm").decode()
    shown = re.findall(r"\d of 1 deliveries have ended, 0 dead(.{4})", got, re.S)
    ensure(shown and set(shown) == {"\r\x1b[K"}, f"each is taken away: {got!r}")
    left = re.sub(r"[^\n\r]*\r\x1b\[K", "", got).replace("\r\n", "\n")
    expect(left, "1 event, 1 delivery pending again\neach begins a new budget of attempts\n"
           f"{event}  slow: done\n1 ended, 0 dead\n")
    server.wait_settled()
    ensure(not obeyed(on_terminal(*words)), "a dumb terminal")
    piped = server.tool("replay", event, "--wait")
    ensure("\x1b" not in piped.stdout + piped.stderr and "of 1" not in piped.stderr, piped)
