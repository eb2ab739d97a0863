"""Values of an event become arguments, variables and a directory, as they were sent, or it is 422."""
import json
import os

from harness import Server, ensure, expect, route

SHOW = "import os, sys; print(sys.argv[1:], os.environ.get('REF'), os.getcwd(), sep='\\n', " \
       "file=open('@OUT@/shown', 'w'))"
command = ["python3", "-c", SHOW, "{{payload.ref}}", "to {{payload.n}}", "{{payload.list | json}}",
           "{{payload.none | default \"-v\"}}", {"literal": "{{.State}}"},
           "{{path.app}}/{{query.q | default none}}", "{{event.id}}", "{{header.x-extra | default}}"]
actions = [{"command": command, "env": {"REF": "{{payload.ref}} on {{route.name}}"},
            "cwd": "@OUT@/{{path.app}}", "stdin": "none"}]
dashes = [{"command": ["true", "--to={{payload.a}}", "{{payload.b}}"], "allow_dash": False}]
with Server([route("run", path="/run/{app}", actions=actions), route("dash", actions=dashes),
             route("let", actions=[{**dashes[0], "allow_dash": True}])]) as server:
    os.mkdir(os.path.join(server.out, "one"))
    os.chmod(os.path.join(server.out, "one"), 0o755)
    os.symlink("/", os.path.join(server.out, "out"))
    def post(path, value, status, says=""):
        answer = server.post(path, json.dumps(value).encode())
        expect(answer.status, status, f"{path} {value} {answer.body}")
        ensure(says in answer.body.decode(), f"{says!r} in {answer.body}")
        server.wait_settled()
        return answer
    long = 12345678901234567890123
    sent = '{"ref": "a\\n$(id) \\"é", "n": %d, "list": [1.50, {"x": null}]}' % long
    answer = server.post("/run/one?q=a%20b", sent.encode())
    expect(answer.status, 202, answer.body)
    server.wait_settled()
    shown = server.read("shown").decode().split("\n", 1)
    expect(eval(shown[0]), ["a\n$(id) \"é", f"to {long}", '[1.50,{"x":null}]', "-v", "{{.State}}",
                            "one/a b", answer.json()["id"], ""], "arguments")
    expect(shown[1], f"a\n$(id) \"é on run\n{server.out}/one\n", "variable and directory")
    post("/run/one", {"n": 1, "list": []}, 422, "payload.ref in argument 3 is missing")
    post("/run/one", {"ref": None, "n": 1, "list": []}, 422, "payload.ref")
    post("/run/one", {"ref": "\0", "n": 1, "list": []}, 422, "payload.ref")
    post("/run/one", {"ref": "x" * 131072, "n": 1, "list": []}, 422, "payload.ref")
    good = {"ref": "r", "n": 1, "list": []}
    post("/run/two", good, 202), post("/run/out", good, 202)
    for name, reason in (("two", "cannot enter the directory two"), ("out", "leads out of")):
        ensure(server.query("SELECT 1 FROM delivery WHERE state = 'dead' AND reason LIKE ?",
                            f"%{reason}%"), f"{name}: {server.log()[-900:]}")
    post("/dash", {"a": "-x", "b": "y"}, 202), post("/let", {"a": "", "b": "-y"}, 202)
    post("/dash", {"a": "", "b": "-y"}, 422, "payload.b in argument 2 begins with")
