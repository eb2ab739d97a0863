"""A redelivery runs what is dead of the first again; for what is done it names the command."""
import json

from harness import Server, ensure, expect, ledger, route, script

BODY = b'{"a": 1}'
done = lambda event: (200, {"id": event, "duplicate": True, "replay": f"tenterhook replay {event}"})
fails = script('echo "$TENTERHOOK_ID" >>"$OUT/tried"; [ -e "$OUT/mended" ]')
with Server([route(actions=[fails, ledger()]),
             route("keep", dedupe={"dead": "keep"}, actions=[fails])]) as server:
    def send(name, path="/hook"):
        answer = server.post(path, BODY, delivery=name)
        return answer.status, answer.json()

    def tried():
        server.wait_settled()
        return server.ledger("tried")

    first, again, kept = (send(name, path)[1]["id"] for name, path in
                          (("one", "/hook"), ("two", "/hook"), ("one", "/keep")))
    expect(sorted(tried()), sorted([first, again, kept]))
    expect(send("one"), (202, {"id": first, "again": True}), "while it fails still")
    server.wait_log(f"again .*id={first}")
    expect(tried().count(first), 2)
    server.stop()
    server.start()
    open(f"{server.out}/mended", "w").close()
    for name, event, times in (("one", first, 3), ("two", again, 2)):
        expect(send(name), (202, {"id": event, "again": True}), "mended")
        expect(tried().count(event), times)
        expect(send(name), done(event))
        server.wait_log(f'duplicate id={event} .*"it is done; .*: tenterhook replay {event}"')
    expect(send("one", "/keep"), done(kept))
    expect((tried().count(kept), sorted(server.ledger())), (1, sorted([first, again])), "kept")
    ensure(server.tool("events").stdout.count(" (run again ") == 2, "the list tells")
    ensure("run again     2 times" in server.tool("events", "show", first).stdout, "one too")
    expect(json.loads(server.tool("events", "show", first, "--json").stdout)["reruns"], 2)
    replay = server.tool(*send("one", "/keep")[1]["replay"].split()[1:])
    expect(replay.stdout, "1 event, 1 delivery pending again\n", "what the answer names")
    expect(tried().count(kept), 2, "and does")
