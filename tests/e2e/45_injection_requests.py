"""A value in the path, the query, a header or a form reaches a command byte for byte, or the
request is refused: what was accepted is never another value later."""
from urllib.parse import quote_from_bytes as quote

import hostile
from harness import Server, ensure, expect, route

PLACES = {"path": "path.p", "query": "query.q", "header": "header.x-v", "form": "form.f"}
command = hostile.shown(*("{{%s}}" % reference for reference in PLACES.values()), stdin="event",
                        env={"ALL": "{{path.p}},{{query.q}},{{header.x-v}},{{form.f}}"})
HEAD = "POST /run/{}?q={} HTTP/1.1\r\nHost: h\r\nContent-Type: application/x-www-form-urlencoded" \
       "\r\nContent-Length: {}\r\nX-V: "

with Server([route("run", path="/run/{p}", auth={"none": True}, content="auto", actions=[command])],
            plain=True) as server:
    def send(values):
        body = f"f={quote(values['form'])}&g="
        head = HEAD.format(quote(values["path"]), quote(values["query"]), len(body))
        with server.raw() as connection:
            answer = connection.send(head.encode() + values["header"] + b"\r\n\r\n"
                                     + body.encode()).answer()
        expect(answer.status, (202, 400, 404, 414, 422, 431), f"{values} {answer}")
        if answer.status == 202:
            events[answer.json()["id"]] = values
        return answer.status == 202

    events, fine = {}, dict.fromkeys(PLACES, b"fine")
    for raw in [text.encode() for text in hostile.texts(server) + hostile.NUL] + hostile.BYTES:
        if not send(dict.fromkeys(PLACES, raw)):
            taken = {place for place in PLACES if send({**fine, place: raw})}
            ensure(not (taken and b"\0" in raw), f"{raw!r} was taken: {taken}")
    server.wait_settled()
    for event, values in events.items():
        wanted = [values[place].strip(b" \t") if place == "header" else values[place]
                  for place in PLACES]
        expect(hostile.given(server, event, "argv"), wanted, "arguments")
        env = hostile.given(server, event, "env")
        expect((env["ALL"], env["TENTERHOOK_PARAM_P"]), (b",".join(wanted), values["path"]))
        expect(hostile.given(server, event, "stdin").count(b"\n"), 1, "lines")
    hostile.check_nothing_ran(server)
