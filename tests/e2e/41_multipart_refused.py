"""A multipart body beyond its limits, or not well formed, is refused with a sentence, in no time."""
from harness import PATIENCE, Server, ensure, expect, ledger, route

TYPE = {"Content-Type": "multipart/form-data; boundary=XX"}
MIXED = {"Content-Type": "multipart/mixed; boundary=XX"}
END = b"--XX--\r\n"


def part(parameters, value=b"1"):
    return b"--XX\r\nContent-Disposition: form-data; " + parameters + b"\r\n\r\n" + value + b"\r\n"


ROUTES = [route("small", auth={"none": True}, content="multipart", max_body="64MiB",
                multipart={"parts": 3, "file": "10B", "field": "5B", "name": "8B"}, actions=[ledger()]),
          route("auto", auth={"none": True}, content="auto"),
          route("form", auth={"none": True}, content="form"),
          route("raw", auth={"none": True}, content="raw")]
FLOOD = part(b"name=a; filename=b", b"\r\n--X\r\n--XY"[:9] * (60 * 2 ** 20 // 9))
with Server(ROUTES, server={"listeners": 1, "body_memory": "160MiB"}) as server:
    for name, head, body, status, said in (
            ("small", TYPE, part(b"name=a") * 3 + END, 202, ""),
            ("small", TYPE, part(b"name=a") * 10 ** 6 + END, 413, "more than 3 parts, the limit "
             "multipart.parts"), ("small", TYPE, FLOOD + END, 413, "multipart.file"),
            ("small", TYPE, b"--X\r\n" * 10 ** 7, 400, "no line with its boundary, --XX"),
            ("small", TYPE, part(b"name=a", b"123456") + END, 413, "multipart.field"),
            ("small", TYPE, part(b"name=abcdefghi") + END, 413, "multipart.name"),
            ("small", TYPE, part(b"name=a") + part(b"name=b"), 400, 'part 2 of the multipart body '
             "has no boundary behind it"), ("small", TYPE, part(b"x=y") + END, 400, "has no name"),
            ("small", MIXED, part(b"name=a") + END, 415, ""), ("small", TYPE, b"", 400, "no line"),
            ("auto", TYPE, part(b"name=a") + END, 202, ""), ("auto", TYPE, END[:4], 400, "half a"),
            ("form", TYPE, part(b"name=a") + END, 415, ""), ("raw", TYPE, b"--XY", 202, "")):
        before, memory = server.cpu_seconds(), server.resident()
        answer = server.request("POST", "/" + name, body, head)
        expect(answer.status, status, f"{name} {body[:200]!r}")
        ensure(said in answer.json().get("message", ""), f"{said}: {answer.body}")
        spent, grown = server.cpu_seconds() - before, server.resident() - memory
        ensure(spent < 2 * PATIENCE and grown < 100 * 2 ** 20, f"{spent:.2f} s, {grown} bytes")
