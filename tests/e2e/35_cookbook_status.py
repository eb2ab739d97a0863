"""The page "Set a commit status": GitHub is told pending, then how the command has ended."""
import os
import signal

from cookbook import Page
from github_api import GitHub
from harness import ensure, expect, wait_until

PATH = "/repos/example/garden/statuses/c0ffee12a3b4c5d6e7f8091a2b3c4d5e6f708192"
with GitHub() as github, Page("commit-status", ("https://api.github.com", github.url)) as server:
    os.chmod(server.write("github.header", github.header), 0o600)
    server.own()

    def told():
        expect({path for path, _ in github.statuses}, {PATH})
        expect({said["context"] for _, said in github.statuses}, {"tenterhook"})
        return [(said["state"], said["description"].split(",")[0]) for _, said in github.statuses]

    ensure(server.try_it(0).startswith("202 "), "the answer")
    expect(told()[0][0], "pending")
    expect(told()[1:], [("success", "built")])
    ensure(" done " in server.try_it(1), "the list")
    server.write("build.sh", "#!/bin/sh\nexit 3\n")
    server.try_it(0)
    expect(told()[3:], [("failure", "exit 3")])
    expect(server.count("delivery", "state = 'dead'"), 1)
    server.write("build.sh", f"#!/bin/sh\necho $PPID >{server.out}/pid; sleep 60\n")
    server.shell(server.commands[0])
    pid = int(wait_until(lambda: server.read("pid").strip(), "the build to begin"))
    os.killpg(os.getpgid(pid), signal.SIGTERM)
    server.wait_settled()
    expect(told()[5:], [("error", "stopped")])
    server.write("github.header", "Authorization: Bearer expired\n")
    server.write("build.sh", "#!/bin/sh\n")
    server.try_it(0)
    expect((len(github.statuses), server.count("delivery", "state = 'dead'")), (6, 3), "refused")
