"""`events tail` shows what is chosen: by a condition when it comes, by its state at its end."""
import json
import os
import subprocess

from harness import PROGRAM, Server, expect, route, script, times_slept, wait_until

kinds = {"auth": {"none": True}, "event": "payload.type"}
fails, tails = script('while [ ! -e "$OUT/go" ]; do sleep 0.01; done; exit 1'), []
with Server([route("bad", actions=[fails], **kinds),
             route("good", actions=[script("true")], **kinds)]) as server:
    def tail(*words):
        path = os.path.join(server.directory, f"tail{len(tails)}")
        words = [PROGRAM, "events", "tail", "--json", *words, "-c", server.file]
        with open(path, "wb") as file:
            tails.append(subprocess.Popen(words, stdout=file))
        return path

    def shown(path):
        with open(path, encoding="utf-8") as file:
            lines = [json.loads(line) for line in file if line.endswith("\n")]
        return [(line["type"], line["states"][0]) for line in lines]

    def send(path, name):
        server.request("POST", path, b'{"type": "%s"}' % name, {"Content-Type": "application/json"})

    send("/good", b"first")
    server.wait_settled()
    send("/bad", b"early")
    dead, one, good = (tail("--state", "dead"), tail("--where", "{value: payload.type, equals: b}"),
                       tail("--route", "good", "--limit", "1"))
    wait_until(lambda: all(times_slept(tail.pid) > 1 for tail in tails), "them to wait")
    for path, name in (("/bad", b"a"), ("/bad", b"b"), ("/good", b"c")):
        send(path, name)
    wait_until(lambda: ("c", "done") in shown(good) and shown(one), "what has come")
    expect((shown(dead), {name for name, _ in shown(good)}), ([], {"first", "c"}))
    server.write("out/go", "")
    wait_until(lambda: sorted(shown(dead)) == [(n, "dead") for n in ("a", "b", "early")], "ends")
    wait_until(lambda: shown(one)[-1] == ("b", "dead"), "the end of one")
    expect([(process.terminate(), process.wait())[1] for process in tails], [0] * 3)
