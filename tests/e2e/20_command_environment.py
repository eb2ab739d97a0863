"""A command has a clean environment, three descriptors, default signals, its own session."""
import json
import os

from harness import Server, ensure, expect, route, script, server_user

probe = script(
    'env -0 >"$OUT/env"; ls /proc/self/fd >"$OUT/fds"; cat /proc/self/status >"$OUT/status"; '
    'pwd >"$OUT/cwd"; cut -d" " -f5,6 /proc/self/stat >"$OUT/ids"; cat >"$OUT/stdin"',
    pass_env=["KEPT", "HOME"])
hostile = "push$(touch @OUT@/pwned)`id`;rm"
with Server([route(actions=[probe])],
            env={"KEPT": "kept", "LEAK": "leaked", "LD_PRELOAD": ""}) as server:
    body = json.dumps({"x": "$(touch pwned)"}).encode()
    event = server.post("/hook", body, event=hostile, delivery="d-1").json()["id"]
    server.wait_settled()
    env = dict(pair.split("=", 1) for pair in server.read("env").decode().split("\0") if pair)
    wanted = {"TENTERHOOK_ID": event, "TENTERHOOK_ROUTE": "hook", "TENTERHOOK_EVENT": hostile,
              "TENTERHOOK_ACTION": "1", "TENTERHOOK_DELIVERY": "d-1", "TENTERHOOK_ATTEMPT": "1",
              "TENTERHOOK_CLIENT": "127.0.0.1", "KEPT": "kept"}
    for name, value in wanted.items():
        expect(env.get(name), value, name)
    ensure("LEAK" not in env and "LD_PRELOAD" not in env, f"a clean environment: {sorted(env)}")
    expect(set(server.read("fds").split()) - {b"3"}, {b"0", b"1", b"2"},
           "descriptors (3 is ls's own)")
    status = dict(line.split(":\t", 1) for line in server.read("status").decode().splitlines()
                  if ":\t" in line)
    expect(int(status["SigBlk"], 16) | int(status["SigIgn"], 16), 0, "signals blocked or ignored")
    if os.geteuid() == 0:
        expect(set(status["Uid"].split()), {str(server_user().pw_uid)}, "the user")
        expect(int(status["CapEff"], 16), 0, "capabilities")
        expect(env["HOME"], server_user().pw_dir, "the user's own home")
    group, session = server.read("ids").split()
    expect(group, session, "a session of its own")
    ensure(int(session) not in (os.getsid(0), os.getsid(server.pid)), "not the server's session")
    expect(server.read("stdin"), body, "the body")
    ensure(not server.read("pwned") and not os.path.exists(os.path.join(server.out, "pwned")),
           "nothing was expanded")
print(f"environment of {len(env)} names, 3 descriptors, own session {session.decode()}, hostile "
      f"values as data")
