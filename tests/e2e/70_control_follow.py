"""tail --follow shows the output of a command while it runs, without secrets, from what is kept of
it on, with how it ends; of what has ended, what is kept."""
import subprocess

from control import connect, lines, output_of
from harness import PROGRAM, SECRET, Server, ensure, expect, route, script, wait_until

TALK = script('echo begun; echo "é: $SECRET" >&2; until [ -e "$OUT/go" ]; do sleep 0.05; done; '
              'echo ended; exit 3', env={"OUT": "@OUT@", "SECRET": SECRET}, name="talk")
with Server([route(actions=[TALK])]) as server:
    event = server.post("/hook", b"{}").json()["id"]
    wait_until(lambda: server.count("delivery", "state = 'running'"), "it runs")
    client = connect(server)
    client.sendall(b'{"verb":"follow","id":"%s"}\n' % event.encode())
    seen, coming = [], lines(client)
    while output_of(seen) != b"begun\n" or not output_of(seen, "error").endswith(b"\n"):
        seen.append(next(coming))
    expect(output_of(seen, "error").decode(), "é: [secret]\n")
    tail = subprocess.Popen([PROGRAM, "events", "tail", "--follow", event, "-c", server.file],
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    server.write("out/go", "")
    seen += coming
    expect(output_of(seen), b"begun\nended\n")
    expect(seen[-2:], [{"action": "talk", "outcome": "failed", "exit": 3, "signal": 0,
                        "reason": "exited with status 3"}, {"end": "done"}])
    said, ends = tail.communicate(timeout=60)
    ensure(said.endswith("ended\n") and "exited with status 3" in ends, said + ends)
    expect(tail.returncode, 1, "an action has failed")
    said = server.tool("events", "tail", "--follow", event)
    expect((said.stdout, said.returncode), ("begun\nended\n", 1), "what has ended before")
