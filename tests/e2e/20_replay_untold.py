"""While `on_failure` waits for its minute, nobody else waits: replay --wait, tail and tail --follow
say at once how the failure ended."""
import subprocess

from harness import PROGRAM, Server, ensure, expect, route, script, wait_until

FAILS = script('echo "no release" >&2; exit 3', name="deploy", stdin="none")
with Server([route(actions=[FAILS], on_failure=script(":", stdin="none"))]) as server:
    server.post("/hook", b"{}")
    wait_until(lambda: server.count("delivery", "state = 'done'"), "somebody to be told")
    tail = subprocess.Popen([PROGRAM, "events", "tail", "--limit", "1", "-c", server.file],
                            stdout=subprocess.PIPE, text=True)
    ensure("ID" in tail.stdout.readline() and "dead" in tail.stdout.readline(), "tail has begun")
    second = server.post("/hook", b"{}").json()["id"]
    wait_until(lambda: server.count("delivery", "state = 'dead'") == 2, "the second to fail")
    for line in tail.stdout:
        if second in line and "dead" in line:
            break
    tail.terminate()
    tail.communicate()
    followed = server.tool("events", "tail", "--follow", second)
    expect((followed.stderr, followed.returncode),
           (f"no release\n{second} deploy: dead, exited with status 3\n", 1))
    again = server.tool("replay", "--dead", "--wait")
    expect((again.stdout.splitlines()[-1], again.returncode), ("2 ended, 2 dead", 1), again.stdout)
    expect(server.count("delivery", "state = 'pending'"), 1, "what tells of the second still waits")
