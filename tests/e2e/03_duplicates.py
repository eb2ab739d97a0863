"""A tenth of 5,000 events is sent to two listeners at once: each runs once, copies get 200."""
import threading
from collections import Counter

from harness import QUICK, Server, ensure, expect, in_threads, ledger, route
from senders import github_headers

PAIRS, EVENTS, answers = 8, 1000 if QUICK else 5000, []
TWICE, ONCE = EVENTS // 10, EVENTS - EVENTS // 10
# of two listeners: they share a tenth of their events
pair = [threading.Barrier(2) for _ in range(PAIRS)]

def share(total, parts, part):
    return total // parts + (part < total % parts)

def send(listener, number, connection):
    def post(delivery):
        body = b'{"delivery":"%s"}' % delivery.encode()
        answer = connection.request("POST", "/hook", body, github_headers(body, delivery=delivery))
        answers.append((delivery, answer.status, answer.json()))

    for turn in range(share(ONCE, 2 * PAIRS, 2 * number + listener)):
        if turn % 4 == 0 and turn // 4 < share(TWICE, PAIRS, number):
            pair[number].wait(60)
            post(f"both-{number}-{turn}")
        post(f"one-{listener}-{number}-{turn}")

with Server([route(actions=[ledger()])], server={"listeners": 2}) as server:
    each = server.connect_each(PAIRS)
    in_threads(send, [(n, i, connection) for n, those in enumerate(each)
                      for i, connection in enumerate(those)])
    ensure(not any(connection.closed for those in each for connection in those),
           "nobody connected anew")
    first = {delivery: body["id"] for delivery, status, body in answers if status == 202}
    expect(Counter(status for _, status, _ in answers), {202: EVENTS, 200: TWICE}, "answers")
    for delivery, status, body in answers:
        ensure(body["id"] == first[delivery] and (status == 202 or body["duplicate"]), f"{body}")
    server.wait_settled(120)
    expect(Counter(server.ledger()), Counter(first.values()), "what was carried out")
print(f"{len(answers)} sent: {EVENTS} accepted and carried out once each, {TWICE} duplicates")
