"""`events show` tells of each attempt with its time, its end and its output, and what a delivery
waits for; to a terminal nothing of it is a control byte."""
import json
import re

from harness import Server, ensure, expect, route, script, wait_until
from terminal import obeyed, on_terminal

LOUD = 'printf "try $TENTERHOOK_ATTEMPT \\033[2J\\n" >&2; [ -e "$OUT/mended" ] || exit 75'
body = json.dumps({"a": ["\u009b31m", {"b": "\u202e"}], "c": {}}, ensure_ascii=False).encode()
with Server([route(actions=[script(LOUD, name="build",
                                   retry={"attempts": 3, "backoff": "1s"})])]) as server:
    event = server.post("/hook", body).json()["id"]
    show = lambda *words: server.tool("events", "show", event, *words).stdout
    shown = wait_until(lambda: (text := show()) and "waits until" in text and text, "a retry")
    ensure(re.search(r"^action build: pending, 1 attempt, .* exit 75$", shown, re.M), shown)
    ensure("\n  failures    1\n" in shown, shown)
    ensure(json.loads(show("--json"))["deliveries"][0]["due"] > "2020", "when it is due")
    server.wait_settled()
    shown = show()
    ensure("action build: dead, 3 attempts\n" in shown and "waits until" not in shown, shown)
    tried = re.findall(r"^  attempt (\d)   \S+Z, .* ms, exited with status 75.*\n"
                       r"    standard error: 11 bytes\n      \| try (\d) \\x1b\[2J$", shown, re.M)
    expect(tried, [("1", "1"), ("2", "2"), ("3", "3")], shown)
    delivery = json.loads(show("--json"))["deliveries"][0]
    expect([attempt["attempt"] for attempt in delivery["earlier"]], [1, 2], "the last is beside")
    expect(delivery["error_output"], "try 3 \x1b[2J\n", "which is the third")
    open(server.out + "/mended", "w").close()
    server.tool("replay", event, "--wait")
    ensure("done, 4 attempts, replayed 1 time\n" in show(), show())
    terminal = on_terminal("events", "show", event, "-c", server.file, width=80)
    ensure(not obeyed(terminal) and b" ago)" in terminal or b"(now)" in terminal, terminal)
    lines = ('{', '  "a": [', '    "\\xc2\\x9b31m",', '    {', '      "b": "\\xe2\\x80\\xae"')
    ensure("".join(f"\n  {line}" for line in lines) + "\n" in show(), show())
    ensure(show("--raw").find("\nbody\n" + body.decode() + "\n") > 0, "as it came")
    expect(show("--body").encode(), body, "it alone")
