"""Values of an event become arguments, variables and a directory as they are, or it is 422."""
import ast
import json
import os

from harness import Server, ensure, expect, route

SHOW = "import os, sys; print(sys.argv[1:], os.environ.get('REF'), os.getcwd(), sep='\\n', " \
       "file=open('@OUT@/shown', 'w'))"
command = ["python3", "-c", SHOW, "{{payload.ref}}", "to {{payload.n}}", "{{payload.list | json}}",
           "{{payload.none | default \"-v\"}}", {"literal": "{{.State}}"},
           "{{path.app}}/{{query.q | default none}}", "{{event.id}}", "{{header.x | default}}"]
actions = [{"command": command, "env": {"REF": "{{payload.ref}} on {{route.name}}"},
            "cwd": "@OUT@/{{path.app}}", "stdin": "none", "retry": {"attempts": 1}}]
dash = {"command": ["true", "--to={{payload.a}}", "{{payload.b}}"]}
with Server([route("run", path="/run/{app}", actions=actions), route("dash", actions=[dash]),
             route("let", actions=[{**dash, "allow_dash": True}])]) as server:
    os.mkdir(os.path.join(server.out, "one"), 0o755)
    os.symlink("/", os.path.join(server.out, "out"))
    def post(path, value, status, says=""):
        sent = value if isinstance(value, bytes) else json.dumps(value).encode()
        answer = server.post(path, sent)
        expect(answer.status, status, f"{path} {sent} {answer.body}")
        ensure(says in answer.body.decode(), f"{says!r} in {answer.body}")
        server.wait_settled()
        return answer.json()
    event = post("/run/one?q=a%20b", b'{"ref": "a\\n$(id) \\"e", "n": 12345678901234567890123, '
                 b'"list": [1.50, {"x": null}]}', 202)["id"]
    shown = server.read("shown").decode().split("\n", 1)
    expect(ast.literal_eval(shown[0]), [
        "a\n$(id) \"e", "to 12345678901234567890123", '[1.50,{"x":null}]', "-v", "{{.State}}",
        "one/a b", event, ""], "arguments")
    expect(shown[1], f"a\n$(id) \"e on run\n{server.out}/one\n", "variable and directory")
    for ref in ({}, {"ref": None}, {"ref": "\0"}, {"ref": "x" * 131072}):
        post("/run/one", {"n": 1, "list": [], **ref}, 422, "payload.ref in argument 3 ")
    for name, reason in (("two", "cannot enter the directory two"), ("out", "leads out of")):
        post(f"/run/{name}", {"ref": "r", "n": 1, "list": []}, 202)
        expect(server.count("delivery", f"state = 'dead' AND reason LIKE '%{reason}%'"), 1, name)
    post("/dash", {"a": "-x", "b": "y"}, 202), post("/let", {"a": "", "b": "-y"}, 202)
    post("/dash", {"a": "", "b": "-y"}, 422, "payload.b in argument 2 begins with")
