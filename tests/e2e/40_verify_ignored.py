"""What `events`, `when` or the choice of actions leaves out is not accepted by verify, whatever its
status, and the log, the answer and verify name the type that the event has."""
import json
import os

from harness import Server, ensure, expect, ledger, route, run_program

OPEN = {"none": True}
ROUTES = [route("typed", auth=OPEN, event="payload.kind", events=["push"]),
          route("met", auth=OPEN, when={"value": "payload.kind", "equals": "push"}),
          route("chosen", auth=OPEN, event="payload.kind", actions=[ledger(events="push")])]
TOLD = {"typed": ('"events" leaves out events of the type "is\\u001b"',
                  "the route does not take events of this type"),
        "met": ('payload.kind equals "push": it is "is\\u001b"',
                "the conditions of the route leave this event out"),
        "chosen": ('its action does not accept the event: "events" leaves out events of the type '
                   '"is\\u001b"', "no action of the route takes this event")}
with Server(ROUTES) as server:
    for name, (reason, message) in TOLD.items():
        for kind, code in (("push", 0), ("is\x1b", 1)):
            body = json.dumps({"kind": kind})
            path = os.path.join(server.out, "request")
            with open(path, "w", encoding="utf-8") as file:
                file.write(f"POST /{name} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
                           f"Content-Length: {len(body)}\r\n\r\n{body}")
            done = run_program("verify", "-c", server.file, "--request", path, "--json")
            said = json.loads(done.stdout)
            expect((done.returncode, said["accepted"], said["code"]),
                   (code, not code, "ignored" if code else "accepted"), done.stdout)
        expect((said["status"], said["reason"]), (200, reason))
        answer = server.request("POST", f"/{name}", body.encode(),
                                {"Content-Type": "application/json"})
        expect(answer.json(), {"ignored": message})
        row = [line for line in server.log().splitlines() if f"route={name}" in line][-1]
        ensure(reason.replace("\\", "\\\\").replace('"', '\\"') in row, row)
    text = run_program("verify", "-c", server.file, "--request", path).stdout
    ensure("ignored with 200 (ignored): its action" in text, text)
    ensure("`when`" in run_program("explain", "ignored").stdout, "explain names the conditions")
