"""A terminal gets columns that fit it, relative times and colours, and of control bytes only those
of the colours; a pipe, NO_COLOR and a dumb terminal get none."""
import json
import re
import unicodedata

from harness import Server, ensure, expect, route, script
from terminal import obeyed, on_terminal

HOSTILE = "\u009b31m\x1b[2J\u202e 蒸気 é\u0301 \U000e0041" * 9

def places(line):
    """How many places a line takes."""
    wide = lambda c: unicodedata.east_asian_width(c) in "WF"
    return sum(0 if unicodedata.combining(c) else 1 + wide(c) for c in line)

with Server([route("a-route-with-a-name-that-is-very-long-indeed", "/hook", auth={"none": True},
                   event="payload.type", title="{{payload.title}}",
                   actions=[script("printf '\\033[2J'; exit 1")])]) as server:
    for number in range(3):
        body = json.dumps({"type": "push" * number, "title": HOSTILE}).encode()
        server.request("POST", "/hook", body, {"Content-Type": "application/json"})
    server.wait_settled()
    listed = lambda **keys: on_terminal("events", "list", "-c", server.file, **keys).decode()
    for width in list(range(20, 100)) + [120, 130, 160, 250]:
        lines = listed(width=width).split("\r\n")
        ensure(all(places(line) <= max(width, 18) for line in lines), f"{width}: {lines}")
        expect(len(lines), 5, f"lines at {width}: {lines}")
    shown = listed(width=80)
    ensure(re.search(r"^ID +RECEIVED  STATE .*\r\n01\S+  (now|\d+s ago) +dead  ", shown), shown)
    ensure(not obeyed(shown.encode()), shown)
    coloured = listed(width=160, colour=True, term="xterm")
    plain = re.sub("\x1b\\[(0|1|2|32|33|36|1;31)m", "", coloured)
    ensure("\x1b[1;31mdead\x1b[0m" in coloured and not obeyed(plain.encode()), coloured)
    still = lambda text: re.sub(r"now   |\d+s ago", "", text)
    expect(still(plain), still(listed(width=160, term="xterm")), "without colours it is the same")
    expect(still(plain), still(listed(width=160, colour=True)), "a dumb terminal")
    piped = server.tool("events", "list").stdout
    ensure("\x1b" not in piped and " ago" not in piped, piped)
