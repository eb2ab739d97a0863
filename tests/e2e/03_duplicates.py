"""5,000 events over 16 connections, a tenth sent twice at the same moment: each runs once, each second copy is a 200 with the first id."""
import threading
from collections import Counter

from harness import QUICK, Server, ensure, expect, in_threads, ledger, route
from senders import github_headers

CONNECTIONS, EVENTS = 16, 1000 if QUICK else 5000
answers, lock = [], threading.Lock()
pair = [threading.Barrier(2) for _ in range(CONNECTIONS // 2)]


def send(number):
    """Two neighbours share a tenth of their deliveries, and send those at the same moment."""
    with server.connect() as connection:
        for turn in range(EVENTS // CONNECTIONS + EVENTS // CONNECTIONS // 19):
            twice = turn % 10 == 0
            delivery = f"{number // 2 if twice else number}-{turn}-{'both' if twice else 'one'}"
            body = b'{"delivery":"%s"}' % delivery.encode()
            headers = github_headers(body, delivery=delivery)
            if twice:
                pair[number // 2].wait(60)
            answer = connection.request("POST", "/hook", body, headers)
            with lock:
                answers.append((delivery, answer.status, answer.json()))


with Server([route(actions=[ledger()])], server={"listeners": 2}) as server:
    in_threads(send, [(n,) for n in range(CONNECTIONS)])
    statuses = Counter(status for _, status, _ in answers)
    first = {delivery: body["id"] for delivery, status, body in answers if status == 202}
    for delivery, status, body in answers:
        expect(status, (200, 202), delivery)
        ensure(body["id"] == first[delivery] and (status == 202 or body["duplicate"]), f"{body}")
    expect(len(answers) - len(first), statuses[200], "second copies")
    server.wait_settled(120)
    expect(Counter(server.ledger()), Counter(first.values()), "what was carried out")
print(f"{len(answers)} sent: {statuses[202]} accepted and carried out once each, {statuses[200]} duplicates")
