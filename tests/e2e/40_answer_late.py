"""What has no output by the deadline is answered late while the command goes on: one that runs, a
copy of it, what is past a quarter of the commands; and who has gone away is nobody's concern."""
from gates import Gate, gated
from harness import Server, expect, wait_until

with Server([gated("short", "50ms"), gated("long")], server={"commands": 4}) as server:
    gate = Gate(server)
    with gate.ask("/short", "one") as late:
        gate.expect_answer(late, b"later", "the command has not ended by the deadline")
        gate.send("/short", "one", late)
        gate.expect_answer(late, b"later", "the command of the first event has not ended")
    # who waits no longer has given back his place: one is waited for, and no second one
    with gate.ask("/long") as waiting:
        with gate.ask("/long") as crowded:
            gate.expect_answer(crowded, b"later", "too many commands are waited for")
        expect(server.count("delivery", "state = 'running'"), 3)
        gate.open(3)
        gate.expect_answer(waiting, b"go")
    server.wait_settled()
    with gate.ask("/long") as gone:
        gone.reset()
        wait_until(lambda: server.established(0) == 0, "the connection to be closed")
    gate.open()
    server.wait_settled()
    expect(server.count("delivery", "state = 'done'"), 4)
print("late by the deadline, as a copy and past the limit; a client gone")
