"""The page "A slash command": the user sees what the script says, or after 2.5 s the late sentence
while the script goes on."""
from cookbook import Page
from harness import ensure, expect

with Page("slack-command", ("sleep 20", "sleep 4")) as server:
    said = server.try_it(0)
    # a machine that is busy for 2.5 s gives the late answer
    ensure(said.startswith(("200 ada, the disk is", "200 Still at it")), said)
    who = "command=%2Fserver&user_id=U0GRACE&user_name=grace"
    for form, wanted in ((who, "grace, I know: status, backup"), (who + "&text=backup", None)):
        status, said = server.send("slack", "/slack/server", form)
        expect(status, 200, form)
        ensure(said.startswith(("Still at it", wanted or "Still at it")), said)
    expect(server.outputs()[1:], ["grace, I know: status, backup\n", "done\n"])
    expect(server.send("slack", "/slack/server", "user_id=U0EVE&user_name=eve"), (200, ""))
    expect(server.send("slack", "/slack/server", who + "&text=-h")[0], 422, "a dash")
    expect(server.count(), 3, "events")
    server.wait_log(r'ignored.*form\.user_id.*it is \\"U0EVE')
