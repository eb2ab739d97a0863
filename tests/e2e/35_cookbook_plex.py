"""The page about Plex: the JSON of a form with files dims the light, and the picture is kept."""
import json
import shutil

from cookbook import Page
from harness import ensure, expect, skip
from multipart import field, multipart

if not shutil.which("curl"):
    skip("curl is not installed")
with Page("plex") as server:
    ensure("id" in json.loads(server.try_it(0)), "the answer of the page")
    path = f"/plex?key={server.text('hooks.secret').strip()}"

    def send(event, player="Living Room", **more):
        headers, body = multipart(field("payload", json.dumps(
            {"event": event, "Account": {"title": "ada"}, "Player": {"title": player}, **more})))
        answer = server.request("POST", path, body, headers)
        server.wait_settled()
        return answer.status

    expect(send("media.stop"), 202)
    expect((send("media.play", "Kitchen"), send("library.new")), (200, 200), "of no interest")
    expect(server.text("lights.log").splitlines(), ["10% Metropolis", "80% film"])
    with open(f"{server.directory}/last-picture.jpg", "rb") as file:
        expect(file.read(), b"\xff\xd8\xff")
    ensure("media.play Metropolis" in server.shell("tenterhook events list"), "the title")
