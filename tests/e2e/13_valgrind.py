"""One pass of the main path under valgrind: no error and no leak."""
import os
import shutil
os.environ["TENTERHOOK_PATIENCE"] = "8"  # valgrind is slow

from harness import Server, ensure, expect, ledger, route, skip, wait_until
from pipes import Reader

if os.environ.get("TENTERHOOK_SANITIZED"):
    skip("a sanitizer and valgrind do not go together")
if not shutil.which("valgrind"):
    skip("valgrind is not installed")
wrapper = ["valgrind", "--quiet", "--leak-check=full", "--error-exitcode=99", "--trace-children=no",
           "--show-leak-kinds=definite", "--errors-for-leak-kinds=definite",
           "--child-silent-after-fork=no"]
routes = [route(actions=[ledger(), {"pipe": "@OUT@/fifo", "format": "length"}]),
          route("token", auth={"token": {"bearer": "a token of some length"}}, content="raw")]
with Server(routes, server={"listeners": 1}, wrapper=wrapper, plain=True) as server:
    reader = Reader(server.fifo("fifo"))
    for index in (0, 1):
        for number in range(3):
            body = b'{"number":[%d,null,{"a":"\\u00e9"}]}' % number
            name = f"{index}-{number}"
            expect(server.post("/hook", body, index=index, delivery=name).status, 202)
        expect(server.post("/hook", b"{}", index=index, delivery=f"{index}-0").status, 200)
        expect(server.post("/hook", b"{}", index=index, signature="sha256=" + "0" * 64).status, 401)
        expect(server.post("/hook", b"{", index=index).status, 400)
        bad = {"Authorization": "Bearer no"}
        expect(server.request("POST", "/token", b"x", bad, index).status, 401)
        expect(server.request("GET", "/nowhere", index=index).status, 404)
    server.wait_settled(60)
    server.reload()
    expect(server.post("/hook", b"{}", delivery="after").status, 202)
    wait_until(lambda: len(reader.frames()[0]) == 7, "all frames", 60)
    server.wait_settled(60)
    expect(len(server.ledger()), 7)
    server.stop(120)
    found = "\n".join(line for line in server.log().splitlines() if line.startswith("=="))
    ensure(not found, "valgrind found:\n" + found[:6000])
print("the main path under valgrind: no invalid access, nothing uninitialised, nothing lost")
