"""A multipart body that is beyond its limits or malformed is refused at once, with the reason."""
from harness import PATIENCE, Server, ensure, expect, ledger, route

TYPE = {"Content-Type": "multipart/form-data; boundary=XX"}
MIXED = {"Content-Type": "multipart/mixed; boundary=XX"}
END = b"--XX--\r\n"


def part(parameters, value=b"1"):
    return b"--XX\r\nContent-Disposition: form-data; " + parameters + b"\r\n\r\n" + value + b"\r\n"


A, B = part(b"name=a"), part(b"name=b")
FLOOD = part(b"name=a; filename=b", b"\r\n--X\r\n--" * (4 * 2 ** 20))
NAMES = ("small", "auto", "form", "raw")
ROUTES = [route(name, auth={"none": True}, content=name, max_body="64MiB") for name in NAMES]
ROUTES[0].update(content="multipart", actions=[ledger()],
                 multipart={"parts": 3, "file": "10B", "field": "5B", "name": "8B"})
with Server(ROUTES, server={"listeners": 1, "body_memory": "160MiB"}, plain=True) as server:
    for name, head, body, status, said in (
            ("small", TYPE, A * 3 + END, 202, ""), ("small", MIXED, A + END, 415, ""),
            ("small", TYPE, A * 10 ** 6 + END, 413, "more than 3 parts, the limit multipart.parts"),
            ("small", TYPE, FLOOD + END, 413, "multipart.file"),
            ("small", TYPE, b"--X\r\n" * 10 ** 7, 400, "no line with its boundary, --XX"),
            ("small", TYPE, part(b"name=a", b"123456") + END, 413, "multipart.field"),
            ("small", TYPE, part(b"name=abcdefghi") + END, 413, "multipart.name"),
            ("small", TYPE, A + B, 400, "part 2 of the multipart body has no boundary behind it"),
            ("small", TYPE, part(b"x=y") + END, 400, "has no name"),
            ("small", TYPE, b"", 400, "no line"), ("auto", TYPE, A + END, 202, ""),
            ("auto", TYPE, END[:4], 400, "half a boundary"), ("form", TYPE, A + END, 415, ""),
            ("raw", TYPE, b"--XY", 202, "")):
        before, memory = server.cpu_seconds(), server.resident()
        answer = server.request("POST", "/" + name, body, head, index=1)
        expect(answer.status, status, f"{name} {body[:200]!r}")
        ensure(said in answer.json().get("message", ""), f"{said}: {answer.body}")
        spent, grown = server.cpu_seconds() - before, server.resident() - memory
        # a sanitizer keeps what is freed
        ensure(spent < PATIENCE and grown < PATIENCE ** 2 * 100 * 2 ** 20,
               f"{spent:.2f} s, {grown} bytes")
