"""One route with many decisions, and events of which each says what is to be done for it."""
from harness import ledger, route

REF, NAME, MAIN = "payload.ref", "payload.repository", "refs/heads/main"
# these write the event's id down
COMMANDS = ("answer", "main", "tags", "bots", "site", "garden", "other")


def make_route():
    """Five actions under conditions, one of which answers and one is a pipe, and a `choose`."""
    answer = {**ledger("answer", events="push"), "name": "answer"}
    answer["shell"] += '; echo "$SIZE pushed"'
    answer["env"]["SIZE"] = "{{payload.size | default no}}"
    feed = {"pipe": "@OUT@/fifo", "when": {"any": [
        {"value": "payload.commits[*].file", "starts_with": "feed/"},
        {"value": "payload.size", "greater": 100}]}}
    return route(
        "story", when={"not": {"value": "payload.draft", "equals": True}},
        actions=[
            answer,
            ledger("main", events="push", when=[{"value": REF, "equals": MAIN}]),
            ledger("tags", when=[{"value": REF, "starts_with": "refs/tags/"}]),
            ledger("bots", when=[{"value": "payload.sender", "matches": r"\[bot\]$"}]),
            feed],
        choose=[
            ledger("site", events="push", when=[{"value": NAME, "in": ["site", "blog"]}]),
            ledger("garden", when=[{"value": NAME, "equals": "garden"}]),
            {**ledger("other"), "else": True}],
        respond={"output": "answer", "deadline": "60s"})


# type, payload, what is to be done
EVENTS = (
    ("push", {"ref": MAIN, "repository": "garden", "size": 7}, "answer main garden"),
    ("push", {"ref": "refs/tags/v1", "repository": "site", "size": 101}, "answer tags site feed"),
    ("push", {"ref": MAIN, "sender": "x[bot]", "commits": [{"file": "a"}, {"file": "feed/b"}]},
     "answer main bots other feed"),
    ("release", {"ref": MAIN, "repository": "site", "size": "101"}, "other"),
    ("star", {"ref": "main", "repository": "garden", "sender": "[bot] x"}, "garden"),
    ("push", {"ref": MAIN, "repository": "garden", "draft": True}, ""))
