"""A reload brings users to actions, and takes them away; one that names a user who does not exist
changes nothing."""
from facts import only_root, other_user, outputs
from harness import Server, ensure, expect, read_proc, route, server_user

only_root()
user = other_user()


def rights(server):
    """What the newest runner may do, as a number."""
    return int(read_proc(server.processes("runner")[-1], "status").split("CapPrm:\t")[1].split()[0],
               16)


with Server([route()]) as server:
    for name, who in ((None, server_user().pw_name), (user.pw_name, user.pw_name),
                      ("no-such-user", user.pw_name), (None, server_user().pw_name)):
        action = {"name": "who", "command": ["id", "-un"], **({"user": name} if name else {})}
        server.settings["routes"] = [route(actions=[action])]
        server.write_settings()
        server.reload()
        expect(server.post("/hook", b"{}").status, 202)
        server.wait_settled()
        expect(outputs(server)["who"].decode().strip(), who, f"with user: {name}")
        expect(rights(server) != 0, who == user.pw_name, "whether the runner may become others")
    ensure('there is no user \\"no-such-user\\"' in server.log(), "the reason is in the log")
