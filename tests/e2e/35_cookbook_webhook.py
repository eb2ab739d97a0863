"""The page "Move a hook of `webhook` here": with its files both programs do the same, where the
other is installed, and the lines are counted right."""
import json
import re
import shutil

from cookbook import Page
from harness import SOURCE, ensure, expect, run_program, wait_until
from programs import Program, free_port

SAID = "refs/heads/main c0ffee12a3b4c5d6e7f8091a2b3c4d5e6f708192\n"
with Page("from-webhook", ("/srv/hooks", "@DIR@")) as server:
    hooks, ours = server.files["hooks.json"], server.files["tenterhook.yaml"]
    lines = [len(text.splitlines()) for text in (
        hooks, ours.split("routes:\n")[1], json.dumps(json.loads(hooks), indent=2),
        ours.split("version: 1\n")[1].split("routes:\n")[0])]
    with open(f"{SOURCE}/docs/cookbook/from-webhook.md", encoding="utf-8") as file:
        table = re.findall(r"^\|.*\| (\d+) \| (\d+) \|$|\| (\d+) \|$", file.read(), re.M)
    expect([int(cell) for row in table for cell in row if cell],
           [lines[0], lines[1], lines[2], lines[1], lines[3] + 1], "the lines that the page counts")
    ensure(server.try_it(0).startswith("202 "), "the answer")
    expect(server.try_it(1), SAID)
    push = json.loads(server.text("push.json"))
    cases = [(push, "push"), (push, "star"), (push | {"deleted": True}, "push"),
             (push | {"ref": "refs/heads/try"}, "push"),
             (push | {"repository": {"full_name": "example/other"}}, "push")]
    for body, event in cases:
        server.send("github", "/hooks/deploy", body, "--event", event)
    expect(server.text("deployed.log"), SAID * 2)
    if shutil.which("webhook"):
        port = free_port()
        secret = server.text("hooks.secret").strip()
        server.adapt_file("hooks.json", ("SECRET", secret))
        command = ["webhook", "-hooks", "hooks.json", "-ip", "127.0.0.1", "-port", str(port)]
        with Program(server, command, port):
            for body, event in cases:
                run_program("send", "github", "--to", f"http://127.0.0.1:{port}/hooks/deploy",
                            "--secret", secret, "--event", event, "--body",
                            server.write("body", body))
            wait_until(lambda: server.text("deployed.log") == SAID * 3, "the same once more", 10)
