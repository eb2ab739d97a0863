"""Slack's buttons send JSON in a form: its type is the event's; a slash command is a plain form."""
import hashlib
import hmac
import json
import time
import urllib.parse

from harness import Server, expect, route, script
from senders import SECRET

ROUTES = [route("slack", provider="slack", secret=SECRET,
                actions=[script('cat >"$OUT/$TENTERHOOK_EVENT.event"', stdin="event")])]
with Server(ROUTES) as server:
    def send(body):
        now = str(int(time.time()))
        proof = hmac.new(SECRET.encode(), f"v0:{now}:{body}".encode(), hashlib.sha256).hexdigest()
        answer = server.request("POST", "/slack", body.encode(), {
            "Content-Type": "application/x-www-form-urlencoded",
            "X-Slack-Request-Timestamp": now, "X-Slack-Signature": "v0=" + proof})
        expect(answer.status, 200, body)
        server.wait_settled()

    send(urllib.parse.urlencode({"payload": '{"type": "block_actions", "actions": [1]}'}))
    expect(json.loads(server.read("block_actions.event"))["payload"]["actions"], [1])
    send("command=%2Fdeploy&text=web+now")
    expect(json.loads(server.read(".event"))["form"], {"command": "/deploy", "text": "web now"})
    # nobody is greeted by a form
    body = urllib.parse.urlencode({"payload": '{"type": "url_verification", "challenge": "c"}'})
    expect(server.request("POST", "/slack", body.encode(), {
        "Content-Type": "application/x-www-form-urlencoded"}).status, 401)
print("a button is an event of its type, a slash command has its fields, a stranger gets 401")
