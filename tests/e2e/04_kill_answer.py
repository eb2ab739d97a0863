"""kill -9 of the runner or the listener while a sender waits for an output: the sender is answered
late or cut off, the event is kept, and its command runs again."""
from gates import Gate, gated
from harness import Server, expect, wait_until

with Server([gated()], server={"commands": 4, "listeners": 1}) as server:
    gate = Gate(server)

    def replace(role):
        victim = server.processes(role)[0]
        server.kill(victim)
        wait_until(lambda: [pid for pid in server.processes(role) if pid != victim], "another")

    with gate.ask() as waiting:
        replace("runner")
        gate.expect_answer(waiting, b"later", "the runner has gone")
    wait_until(lambda: len(server.ledger()) == 2, "the command to run again")
    gate.open()
    server.wait_settled()
    expect(len(set(server.ledger())), 1)
    with gate.ask() as waiting:
        replace("listener")
        expect(waiting.read_all(), b"")
    gate.open()
    server.wait_settled()
    with gate.ask() as waiting:  # the place of who was cut off is free again
        gate.open()
        gate.expect_answer(waiting, b"go")
    server.wait_settled()
    expect(server.count("delivery", "state = 'done'"), 3)
print("a sender waited through the death of the runner, another was cut off with its listener")
