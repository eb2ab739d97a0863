"""SIGTERM under load: the server leaves with 0 within the grace, the next carries out the rest."""
import signal
import time

from crash import carried_out
from harness import PATIENCE, Server, ensure, expect, ledger, route, script, wait_until
from programs import answers
from senders import ACKNOWLEDGED, Load

slow = script(
    'echo "$TENTERHOOK_ID" >>"$OUT/begun"; sleep 0.2; echo "$TENTERHOOK_ID" >>"$OUT/ledger"')
endless = script('echo $$ >"$OUT/pid"; sleep 600 & wait; sleep 600')
routes = [route(actions=[slow]), route("endless", actions=[endless])]
with Server(routes, server={"shutdown_grace": "4s"}) as server:
    port = int(server.addresses[0].rpartition(":")[2])
    expect(server.post("/endless", b"{}").status, 202)
    wait_until(lambda: server.read("pid").strip(), "the endless command to run")
    with Load(server, 8) as load:
        wait_until(lambda: len(load.acknowledged) > 200, "the load to flow")
        begun = time.monotonic()
        server.send_signal(signal.SIGTERM)
        wait_until(lambda: not answers(port), "new connections to be refused", 3)
        status, took = server.process.wait(30 * PATIENCE), time.monotonic() - begun
        load.stopping.set()
    expect(status, 0, "exit status")
    ensure(took < 4 + 2 * PATIENCE, f"left after {took:.1f} s of a grace of 4 s")
    bad = {status for status in load.statuses if status not in (*ACKNOWLEDGED, 503)}
    ensure(not bad, f"answers other than 2xx and 503: {bad}")
    ensure(not server.reap(), "no process is left, no command either")
    done = len(set(server.ledger()))
    ensure(done < len(load.acknowledged), "something is left for the next start")
    server.process.stdout.close()
    server.settings["routes"] = [route(actions=[ledger()]),
                                 route("endless", actions=[ledger("late")])]
    server.write_settings()
    server.start()
    carried_out(server, load.acknowledged.values())
    wait_until(lambda: server.ledger("late"), "the interrupted command to run again")
    server.wait_settled()
print(f"left in {took:.1f} s with 0; {done} of {len(load.acknowledged)} done before that")
