"""The example of Slack's slash commands answers what Slack sends within its 3 s: with the output of
a command, or with words that have values of the form in them."""
import os

from harness import SOURCE, Server, ensure, expect, run_program

SIGNING = "a signing secret of Slack"
with open(f"{SOURCE}/config/examples/slack-command.yaml", encoding="utf-8") as file:
    example = file.read()
with Server([], start=False, env={"SLACK_SIGNING_SECRET": SIGNING}) as server:
    for placed, here in (("0.0.0.0:8443", "127.0.0.1:0"), ("dev.crt", server.certificate), (
            "dev.key", server.key), ("/var/lib/tenterhook", server.state)):
        ensure(placed in example, placed)
        example = example.replace(placed, here)
    with open(server.file, "w", encoding="utf-8") as file:
        file.write(example)
    os.chmod(server.write("deploy.sh", '#!/bin/sh\necho "deployed"\n'), 0o755)
    server.start()

    def send(path, form):
        url = server.addresses[0].replace("127.0.0.1", "localhost") + path
        sent = run_program("send", "slack", "--to", url, "--secret", SIGNING, "--body",
                           server.write("form", form), "--ca", server.certificate)
        return sent.returncode, sent.stdout.strip()

    # a machine that is busy for 2.5 s gets the late answer
    status, said = send("/slack/server", "token=x&command=%2Fserver&text=status&user_name=ada")
    expect((status, said[:9]), ((0, "200 up si"), (0, "200 Still"))[said.startswith("200 Still")])
    status, said = send("/slack/server", "command=%2Fserver&text=&user_name=ada")
    expect((status, said[:9]), ((0, "200 I kno"), (0, "200 Still"))[said.startswith("200 Still")])
    expect(send("/slack/deploy", "user_name=ada&text=main"), (0, "200 On it, ada: main"))
    expect(send("/slack/deploy", "user_name=ada"), (0, "200 On it, ada: everything"))
    expect(send("/slack/deploy", "text=main")[0], 1, "a form without a name")
    server.wait_settled()
    expect(server.count("delivery", "state = 'done'"), 4)
print("a slash command answered by a command, another one by words")
