"""A route that is flooded delays no other: an event of another route, and of another key of a route
with a limit, starts within a second, however many wait before it."""
import json

from harness import PATIENCE, QUICK, Server, ensure, expect, route, script, wait_until
from senders import Load, github_headers

FLOOD, CALM = 300 if QUICK else 1000, 8
slow = script("sleep 0.1", stdin="none")
DONE = "event IN (SELECT seq FROM event WHERE delivery_id LIKE 'calm-%') AND state = 'done'"


def send(path, key, delivery):
    body = json.dumps({"key": key}).encode()
    expect(server.post(path, body, github_headers(body, delivery=delivery)).status, 202)


with Server([route("flooded", actions=[slow]), route("other"),
             route("keyed", concurrency={"max": 1, "per": "payload.key"}, actions=[slow])],
            server={"commands": 4}) as server:
    for number in range(60):
        send("/keyed", "stuck", f"stuck-{number}")
    with Load(server, path="/flooded", connections=4, total=FLOOD) as load:
        for number in range(CALM):
            send("/other", "", f"calm-other-{number}")
            send("/keyed", f"free {number}", f"calm-keyed-{number}")
            wait_until(lambda: server.count("delivery", DONE) == 2 * (number + 1), "both to end")
        load.join()
    waiting = server.count("delivery", "state = 'pending'")
    ensure(waiting > FLOOD / 2, f"{waiting} wait: it is no flood")
    longest = server.query("SELECT max(d.started_ms - e.received_ms) FROM delivery d JOIN event e"
                           " ON e.seq = d.event WHERE e.delivery_id LIKE 'calm-%'")[0][0]
    ensure(longest < 1000 * PATIENCE, f"one waited {longest} ms")
    print(f"with {waiting} behind, the longest wait was {longest} ms")
