"""The page of the CI job: it shows what the deployment prints, and fails if that fails."""
from cookbook import Page
from harness import expect

with Page("ci-waits") as server:
    # the port is not known before the server has started
    server.adapt_file("ci.sh", ("https://localhost:8443", server.url))
    expect(server.try_it(0).splitlines(), ["fetching 1.2.3", "deployed 1.2.3", "exit status 0"])
    server.wait_settled()
    expect(server.text("current"), "deployed 1.2.3\n")
    failed = server.shell("./ci.sh 0.0.0", status=1)
    expect(failed.splitlines(), ["fetching 0.0.0", "there is no such version", "exit status 3"])
    server.wait_settled()
