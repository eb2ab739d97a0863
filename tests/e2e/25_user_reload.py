"""A reload brings users to actions, and takes them away; one that names a user who does not exist
changes nothing."""
from facts import only_root, other_user, outputs, rights
from harness import Server, ensure, expect, route, server_user

only_root()
user = other_user()
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
