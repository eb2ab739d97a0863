"""cancel never says that nothing runs where it could not ask: it says why not; and a runner that
dies with the request loses it to the next one."""
import os
import signal
import subprocess

from control import ask, connect
from harness import PROGRAM, Server, ensure, expect, process_stat, route, script, wait_until

def descriptors(pid):
    return len(os.listdir(f"/proc/{pid}/fd"))

with Server([route(actions=[script('echo x >>"$OUT/begun"; exec sleep 60')])]) as server:
    event = server.post("/hook", b"1").json()["id"]
    wait_until(lambda: server.ledger("begun"), "it to begin")
    runner = [process["pid"] for process in ask(server, verb="status")[0]["server"]["processes"]
              if process["role"] == "runner"][0]
    before, crowd = descriptors(runner), []
    for number in range(32):
        crowd.append(connect(server))
        crowd[-1].sendall(b'{"verb":"follow","id":"%s"}\n' % event.encode())
        wait_until(lambda: descriptors(runner) > before + number, "it to follow")
    said = server.tool("cancel", event)
    ensure("still runs: too many connections" in said.stdout, said.stdout + said.stderr)
    expect(said.returncode, 1)
    expect(server.tool("status").stdout.count("does not answer: too many connections"), 1)
    os.kill(runner, signal.SIGSTOP)
    with subprocess.Popen([PROGRAM, "cancel", event, "-c", server.file], text=True,
                          stdout=subprocess.PIPE) as asking:
        wait_until(lambda: (process_stat(asking.pid) or "S")[1] == "S" and
                   any("socket:" in os.readlink(f"/proc/{asking.pid}/fd/{fd}")
                       for fd in os.listdir(f"/proc/{asking.pid}/fd")), "it to ask")
        os.kill(runner, signal.SIGKILL)
        said = asking.communicate()[0]
    ensure("cancelled" in said and asking.returncode == 0, said)
    expect(server.query("SELECT state, reason FROM delivery"), [("dead", "cancelled")])
