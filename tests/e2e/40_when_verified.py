"""verify shows each condition with its value and verdict, and what the answer would be."""
import json
import os

from harness import Server, ensure, expect, route, run_program

WHEN = [{"value": "payload.ref", "equals": "refs/heads/main"},
        {"any": [{"value": "payload.n", "greater": 5}, {"not": {"address": ["10.0.0.0/8"]}}]}]
REQUEST = ("POST /hook HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n"
           "Content-Length: %d\r\n\r\n%s")
with Server([route(auth={"none": True}, when=WHEN, mismatch=409)]) as server:
    def verify(body, *options):
        path = os.path.join(server.out, "request")
        with open(path, "w", encoding="utf-8") as file:
            file.write(REQUEST % (len(body), body))
        return run_program("verify", "-c", server.file, "--request", path, *options)

    done = verify('{"ref":"refs/heads/\\u001b[1mx","n":7.50}')
    expect(done.returncode, 1, done.stdout)
    for said in (
            r'condition  fails: payload.ref equals "refs/heads/main"; it is "refs/heads/\u001b',
            "condition  holds: one of them\n",
            "condition    holds: payload.n greater 5; it is 7.50\n",
            "condition    holds: none of them\n",
            "condition      fails: address 10.0.0.0/8; it is 127.0.0.1\n",
            "with 409 (ignored): payload.ref equals"):
        ensure(said in done.stdout, f"{said}\n{done.stdout}")
    done = verify('{"ref":"refs/heads/main"}', "--json")
    expect(done.returncode, 0, done.stdout)
    lines = [(line["depth"], line["result"], line.get("value"))
             for line in json.loads(done.stdout)["conditions"]]
    expect(lines, [(1, "holds", '"refs/heads/main"'), (1, "holds", None), (2, "fails", "missing"),
                   (2, "holds", None), (3, "fails", "127.0.0.1")])
