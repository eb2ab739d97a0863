"""A sender that waits for an output gets it through a reload; what the older generation does not
start any more, and what a stop interrupts, is answered late."""
from gates import Gate, gated
from harness import Server, expect

with Server([gated()], server={"commands": 8, "shutdown_grace": "10s"}) as server:
    gate = Gate(server)
    with gate.ask() as waiting, server.connect() as fresh:
        server.reload()
        gate.send(connection=fresh)  # to the older runner, which leaves it to the newer one
        gate.expect_answer(fresh, b"later", "the command is left to another runner")
        gate.open(2)
        gate.expect_answer(waiting, b"go")
    server.wait_settled()
    server.wait_log("generation_left")
    with gate.ask() as waiting:
        server.stop()
        gate.expect_answer(waiting, b"later", "the command was stopped with the server")
    expect(server.query("SELECT state, count(*) FROM delivery GROUP BY 1"),
           [("done", 2), ("pending", 1)])
print("an output through a reload, and the late answer of a stop")
