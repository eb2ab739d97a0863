"""One route with conditions, `choose`, an answer from output and a pipe: what is to be done for an
event is done once, and nothing else; for a copy nothing, for a replay the same again."""
import json
from collections import Counter

from harness import Server, ensure, expect
from pipes import Reader
from story import COMMANDS, EVENTS, make_route


def post(number):
    event, payload, todo = EVENTS[number]
    got = server.post("/story", json.dumps(payload).encode(), event=event, delivery=str(number))
    if "answer" in todo:
        expect(got.body.decode(), f"{payload.get('size', 'no')} pushed\n", f"answer {number}")
    return got.status


def done():
    """(what, number of the event): how often."""
    server.wait_settled()
    numbers = dict(server.query("SELECT id, delivery_id FROM event"))
    lines = [("feed", json.loads(line)["id"]) for line in bytes(reader.data).splitlines()]
    lines += [(name, line) for name in COMMANDS for line in server.ledger(name)]
    return Counter((name, int(numbers[line])) for name, line in lines)


with Server([make_route()]) as server:
    reader = Reader(server.fifo("fifo"))
    wanted = Counter((name, number) for number, (*_, todo) in enumerate(EVENTS)
                     for name in todo.split())
    expect([post(number) for number in range(len(EVENTS))], [200, 200, 200, 202, 202, 200])
    expect(done(), wanted, "each once")
    expect([post(number) for number in range(len(EVENTS))], [200] * len(EVENTS))
    expect(done(), wanted, "copies")
    again = server.query("SELECT id FROM event WHERE delivery_id = '2'")[0][0]
    expect(server.tool("replay", again).returncode, 0)
    expect(done(), wanted + Counter((name, 2) for name in EVENTS[2][2].split()), "a replay")
    ensure(server.count("event") == 5 and "draft equals true" in server.log(), "one is ignored")
    reader.close()
