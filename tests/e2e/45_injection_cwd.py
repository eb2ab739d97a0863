"""A value of `cwd` leads to a directory below the fixed part, or the event is refused or dead: by
no name and no link out of it."""
import json
import os

import hostile
from harness import Server, ensure, expect, route

JSON = {"Content-Type": "application/json"}
places = {"one": "{{payload.v}}", "deep": "{{payload.v}}/sub/", "part": "app-{{payload.v}}"}
routes = [route(name, auth={"none": True}, actions=[hostile.shown(cwd="@OUT@/jail/" + cwd)])
          for name, cwd in places.items()]
with Server(routes) as server, server.connect() as connection:
    jail, outside = os.path.join(server.out, "jail"), server.make_directory("outside")
    names = ["a b", "ünï", "$(id)", "sub", "in/sub", "app-1", "app-..", "-rf", "x" * 255]
    for name in names:
        os.makedirs(os.path.join(jail, name), 0o755)
    os.mkdir(os.path.join(outside, "sub"))
    links = {"up": "..", "out": outside, "root": "/", "self": "/proc/self/cwd", "loop": "loop",
             "twice": "out", "into": "in", "far": "in/../../.."}
    for name, target in links.items():
        os.symlink(target, os.path.join(jail, name))
    values = [*hostile.texts(server), *hostile.NUL, *os.listdir(jail), *links, "one/../..", "a b/",
              "/", "in//sub", "./in", "..\0", "x" * 256, "in/" * 2000 + "in", "in/sub", "out/sub",
              "into/sub", 1, None, ["in"], {"a": 1}]
    events = {}
    for path in places:
        for value in values:
            answer = connection.request("POST", "/" + path, json.dumps({"v": value}).encode(), JSON)
            expect(answer.status, (202, 422), f"{path} {value!r}")
            if answer.status == 202:
                events[answer.json()["id"]] = path, value
    server.wait_settled()
    done = [event for event in events if os.path.exists(os.path.join(server.out, event))]
    for event in done:
        cwd = hostile.given(server, event, "cwd")
        ensure(cwd.startswith(os.fsencode(jail) + b"/"), f"{events[event]} led to {cwd}")
    taken = {path: {value for at, value in map(events.get, done) if at == path} for path in places}
    expect(taken["one"], {*names, "in", "into", "into/sub"}, "values that lead to a directory")
    expect(taken["deep"], {"in", "into"}, "values that lead to a directory with one inside")
