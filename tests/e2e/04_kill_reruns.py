"""kill -9 while failed events are sent again: each "again" that was answered has run."""
import random
import time
from collections import Counter

from crash import ROUNDS, port_for_good
from harness import Server, ensure, expect, route, script, wait_until
from senders import Redeliveries

MOST = 10  # reruns of an event

with Server([route(actions=[script('echo "$TENTERHOOK_ID" >>"$OUT/ledger"; exit 1',
                                   stdin="none")])], start=False) as server:
    server.settings["server"]["listen"][0]["address"] = f"127.0.0.1:{port_for_good()}"
    server.write_settings()
    server.start()
    sent = Redeliveries(server)
    for turn in range(1, ROUNDS + 1):
        before = sum(sent.agains.values())
        sent.begin()
        wait_until(lambda: sum(sent.agains.values()) > before + 3, "events to be run again", 60)
        time.sleep(random.uniform(0, 0.1))  # the moment is what is random, nothing is waited for
        if turn % 2:
            server.kill_all()
            server.start()
        else:
            server.kill(server.processes("runner")[0])
        wait_until(lambda: server.count("event", f"reruns = {MOST}") == sent.events * turn,
                   "all to be run as often as may be", 60)
    sent.stop()
    expect(sent.failures, [], "other ids")
    server.wait_settled()
    ran = Counter(server.ledger())
    for event, reruns in server.query("SELECT id, reruns FROM event"):
        ensure(sent.agains[event] <= reruns == MOST,
               f"{event}: {sent.agains[event]} times answered, {reruns} in the journal")
        ensure(ran[event] >= 1 + reruns,
               f"{event}: ran {ran[event]} times, run again {reruns} times")
print(f"{ROUNDS} kills: {sum(sent.agains.values())} times answered that it runs again, "
      f"{sum(ran.values())} runs of {len(ran)} events")
