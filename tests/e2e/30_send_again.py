"""`send --delivery ID` sends an event again, as a sender would: what has failed runs again, what is
done is a duplicate. For a sender without an id, or with one in a given body, it is refused."""
import subprocess

from harness import PROGRAM, SECRET, Server, expect, route, script


def send(*words):
    done = subprocess.run([PROGRAM, "send", *words, "--secret", SECRET], capture_output=True,
                          text=True)
    return done.returncode, done.stdout + done.stderr


with Server([route(provider="github", secret=SECRET,
                   actions=[script('[ -e "$OUT/release" ]')])]) as server:
    to = ("--to", server.addresses[0] + "/hook", "--ca", server.certificate)
    body = ("--body", server.write("push.json", '{"ref": "refs/heads/main"}'))
    words = ("github", *to, *body, "--event", "push", "--delivery", "b1f2")
    code, said = send(*words)
    event = said.split('"')[3]
    server.wait_settled()
    server.write("out/release", "")
    expect(send(*words), (0, '202 {"id":"%s","again":true}\n' % event))
    server.wait_settled()
    code, said = send(*words)
    expect((code, '"duplicate":true' in said), (0, True), said)
    expect(server.count(), 1, "one event")
    code, said = send("alertmanager", *to, "--delivery", "b1f2")
    expect((code, "sends no delivery id" in said), (1, True), said)
    code, said = send("vercel", *to, *body, "--delivery", "b1f2")
    expect((code, "in the body: write it into" in said), (1, True), said)
