"""An event that lacks a value of its answer, or whose value no header can have, is refused before
it is stored; the sender is told which."""
from harness import Server, expect, ledger, route

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def answers(name, **respond):
    return route(name, auth={"none": True}, content="form", actions=[{**ledger(), "name": "run"}],
                 respond=respond)


routes = [answers("body", body="on it, {{form.text}}"),
          answers("header", headers={"X-Text": "{{form.text}}"}),
          answers("late", output="run", late={"body": "{{form.text}}"})]
WRONG = (("/body", b"other=1", "the body .* form.text is missing"),
         ("/body", b"", "the body .* form.text is missing"),
         ("/body", b"text=a&text=b", "the body .* form.text is given more than once"),
         ("/body", b"text=%00", "the body .* form.text holds U.0000"),
         ("/body", b"text=" + b"x" * 65536, "the body .* form.text is too long"),
         ("/late", b"other=1", "the body .* form.text is missing"),
         ("/header", b"other=1", "the header X-Text .* form.text is missing"),
         ("/header", b"text=" + b"x" * 4096, "the header X-Text .* form.text is too long"),
         *(("/header", b"text=" + value, "the header X-Text .* has characters that no header has")
           for value in (b"a%0d%0aX-B:%20b", b"a%0ab", b"%C3%A9", b"%20a", b"a%09", b"%7F")))
with Server(routes) as server:
    for path, body, reason in WRONG:
        answer = server.request("POST", path, body, FORM)
        expect((answer.status, answer.json()["error"]), (422, "unprocessable"), f"{path} {body}")
        server.wait_log(f'refused route={path[1:]} .* status=422 .* reason="{reason}')
        expect("x-text" in answer.headers or "x-b" in answer.headers, False)
    expect((server.count(), server.ledger()), (0, []))
    answer = server.request("POST", "/header", b"text=a+b", FORM)
    expect((answer.status, answer.headers["x-text"]), (202, "a b"))
    server.wait_settled()
print(f"{len(WRONG)} events that lack or forge a value of their answer")
