"""A follower who does not read holds up neither the command nor the server: pieces are left out,
and counted."""
from control import ask, connect, lines, output_of
from harness import Server, ensure, expect, resident_bytes, route, script, wait_until

FLOOD = script('until [ -e "$OUT/go" ]; do sleep 0.05; done; '
               'i=0; while [ $i -lt 400 ]; do head -c 65536 /dev/zero; i=$((i+1)); done; '
               'echo over >>"$OUT/over"; until [ -e "$OUT/end" ]; do sleep 0.05; done')
with Server([route(actions=[FLOOD])]) as server:
    event = server.post("/hook", b"{}").json()["id"]
    wait_until(lambda: server.count("delivery", "state = 'running'"), "it runs")
    deaf, slow = connect(server, 60), connect(server, 60)
    for client in (deaf, slow):
        client.sendall(b'{"verb":"follow","id":"%s"}\n' % event.encode())
    wait_until(lambda: ask(server, verb="status")[-1] == {"end": "done"}, "they are there")
    server.write("out/go", "")
    wait_until(lambda: server.ledger("over"), "the flood to end")
    runner, = server.processes("runner")
    ensure(resident_bytes(runner) < 128 << 20, "the memory of the runner")
    server.write("out/end", "")
    answer = list(lines(slow))
    expect(answer[-1], {"end": "done"})
    skipped = sum(line.get("skipped", 0) for line in answer)
    ensure(skipped > 0, "what was left out is counted")
    expect(skipped + len(output_of(answer)), 400 * 65536)
    server.wait_settled()
    ensure(list(lines(deaf)), "what the other one had")
