"""256 questions wait at once; the next one is answered at once, and whoever waits is told of the
end of his own event alone."""
import os

from harness import Server, ensure, expect, script, wait_until
from links import GATED, Gate, Waiting, send, states, tracked

WAITING, OF_ONE = 256, 16  # a client may ask 20 at once
OTHER = script('exec dd bs=2 count=1 <"$OUT/other"', name="run", stdin="none")

with Server([tracked(actions=[GATED]), tracked("other", actions=[OTHER])]) as server:
    gate, other_gate = Gate(server), os.open(server.fifo("other"), os.O_RDWR)
    links = send(server, "/other"), send(server)
    wait_until(lambda: server.count("delivery", "state = 'running'") == 2, "both commands")
    crowd = [Waiting(server, links[number > 0], source=f"127.0.1.{1 + number // OF_ONE}")
             for number in range(WAITING)]

    def is_full():
        more = Waiting(server, links[1], "1s", source="127.0.0.2")
        expect(states(more.answer()), ("running", "running"))
        return more.seconds() < 1

    wait_until(is_full, "the list to be full")
    gate.open()
    for one in crowd[1:]:
        expect(states(one.answer()), ("done", "done"))
    os.write(other_gate, b"go")
    expect(states(crowd[0].answer()), ("done", "done"))
    ensure(max(one.seconds() for one in crowd) < 60, "told of the end, not after the time")
print(f"{WAITING} have waited, and one more has not")
