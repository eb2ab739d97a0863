"""A command that does not exist, may not be run or lacks its interpreter is recorded with the
reason; the next event is served."""
import os

from harness import Server, ensure, expect, ledger, route

with Server([route()], start=False) as server:
    plain, broken = os.path.join(server.out, "plain"), os.path.join(server.out, "broken")
    for path, text, mode in ((plain, "#!/bin/sh\n", 0o644),
                             (broken, "#!/no/such/interpreter\n", 0o755)):
        with open(path, "w") as file:
            file.write(text)
        os.chmod(path, mode)
    vanishing = os.path.join(server.out, "vanishing")
    os.symlink("/bin/true", vanishing)
    commands = {"vanished": vanishing, "forbidden": plain, "interpreter": broken}
    once = {"attempts": 1}
    server.settings["routes"] = ([route(name, actions=[{"command": [command], "retry": once}])
                                  for name, command in commands.items()]
                                 + [route(actions=[ledger()])])
    server.write_settings()
    server.start()
    os.unlink(vanishing)  # a check at load cannot know
    for name in commands:
        expect(server.post("/" + name, b"{}").status, 202, name)
        expect(server.post("/hook", b"{}").status, 202, "the next event")
    server.wait_settled()
    rows = server.query(
        "SELECT route, state, reason FROM delivery JOIN event ON event.seq = delivery.event "
        "WHERE route <> 'hook'")
    for name, state, reason in rows:
        expect(state, "dead", name)
        ensure("exist" in reason or "may not be executed" in reason, f"{name}: {reason}")
    expect(len(rows), 3)
    expect(len(server.ledger()), 3, "the others")
print("; ".join(f"{name}: {reason}" for name, _, reason in rows))
