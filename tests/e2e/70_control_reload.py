"""reload answers with the problems of the file, as check prints them, or with the generation that
serves; status says that one was refused until one is not."""
import json
import os

from control import ask, connect, lines
from harness import Server, ensure, expect, ledger, route, wait_until

def said(*arguments, code):
    result = server.tool(*arguments)
    expect(result.returncode, code, f"{arguments}: {result.stdout}{result.stderr}")
    return result.stdout + result.stderr

def attention():
    return [item["about"] for item in json.loads(server.tool("status", "--json").stdout)[
        "attention"] if item["about"] != "uncontained"]

with Server([route(actions=[ledger()])]) as server:
    with open(server.file, encoding="utf-8") as file:
        text = file.read()
    expect(said("reload", code=0), "generation 2 serves\n")
    server.write(server.file, text.replace('"actions"', '"actoins"', 1))
    shown, checked = said("reload", code=1), server.tool("check").stderr
    ensure('did you mean "actions"?\n' in shown and checked in shown, shown + checked)
    expect(attention(), ["reload"], "status, though the file is broken")
    server.write(server.file, text)
    os.chmod(server.file, 0o600)
    both = [connect(server) for _ in range(3)]
    for client in both:  # those that come while one is under way are answered by the next one
        client.sendall(b'{"verb":"reload"}\n')
    answers = [list(lines(client))[-1] for client in both]
    expect({answer["end"] for answer in answers}, {"done"}, answers)
    ensure(min(answer["generation"] for answer in answers) == 3, answers)
    wait_until(lambda: attention() == [], "the refusal is over")
    gone = connect(server)
    gone.sendall(b'{"verb":"reload"}\n')
    gone.close()
    wait_until(lambda: ask(server, verb="status")[0]["server"]["generation"] > 3, "it comes anyway")
    server.stop()
    expect(said("reload", code=3).count("no server runs"), 1)
