"""What senders do: sign, and send much at once while keeping a ledger of what was acknowledged."""
import hashlib
import hmac
import random
import threading
import uuid
from collections import Counter

SECRET = "an end-to-end secret that is long enough"
ACKNOWLEDGED = (202, 200)  # accepted; a duplicate, or what is not wanted (handlers/verdict.c)
SENT = set()  # every signature sent: none may turn up in a log


def sign(body, secret=SECRET):
    signature = hmac.new(secret.encode(), body, hashlib.sha256).hexdigest()
    SENT.add(signature)
    return "sha256=" + signature


def github_headers(body, event="push", delivery=None, secret=SECRET, signature=None):
    """What GitHub sends; `signature` stands in for the right one, "" leaves it out."""
    headers = {"Content-Type": "application/json", "User-Agent": "GitHub-Hookshot/e2e",
               "X-GitHub-Event": event, "X-GitHub-Delivery": delivery or str(uuid.uuid4())}
    if signature != "":
        headers["X-Hub-Signature-256"] = signature or sign(body, secret)
    return headers


class Load:
    """Connections that send until stopped (or `total` events), and remember what they were told.

    A request that breaks before its answer is sent again with the same delivery id, as GitHub's
    redelivery does: 200 then names the first id, which counts as acknowledged too.
    """

    def __init__(self, server, connections=8, total=None, path="/hook", size=300, **options):
        self.server, self.path, self.options = server, path, options
        self.padding = "x" * size
        self.statuses, self.broken, self.acknowledged = Counter(), Counter(), {}
        self.refused = []  # answers other than 2xx
        self.left, self.lock = total, threading.Lock()
        self.stopping = threading.Event()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(connections)]

    def __enter__(self):
        for thread in self.threads:
            thread.start()
        return self

    def __exit__(self, kind, value, trace):
        self.stop()

    def stop(self):
        self.stopping.set()
        self.join()

    def join(self):
        for thread in self.threads:
            thread.join()

    def take(self):
        with self.lock:
            if self.left is not None:
                self.left -= 1
                return self.left >= 0
        return True

    def run(self):
        connection = None
        while not self.stopping.is_set() and self.take():
            delivery = str(uuid.uuid4())
            body = b'{"delivery":"%s","padding":"%s"}' % (delivery.encode(), self.padding.encode())
            answer = None
            while answer is None and not self.stopping.is_set():
                try:
                    connection = connection or self.server.connect(**self.options)
                    answer = connection.request("POST", self.path, body,
                                                github_headers(body, delivery=delivery))
                except OSError as error:
                    self.note_broken(error)
                    connection = None
            if answer:
                self.note(delivery, answer)
        if connection:
            connection.close()

    def note_broken(self, error):
        with self.lock:
            self.broken[type(error).__name__] += 1
        self.stopping.wait(0.02)

    def note(self, delivery, answer):
        with self.lock:
            self.statuses[answer.status] += 1
            if answer.status in ACKNOWLEDGED:
                self.acknowledged[delivery] = answer.json()["id"]
            else:
                self.refused.append((answer.status, answer.body))


class Redeliveries:
    """Threads that send the same few events again and again, also where no answer came; `begin`
    gives them new ones."""

    def __init__(self, server, events=6, senders=4):
        self.server, self.events, self.round = server, events, 0
        self.first, self.agains = {}, Counter()  # first id of each delivery; answers "again" by id
        self.failures, self.lock = [], threading.Lock()
        self.threads = [threading.Thread(target=self.run, daemon=True) for _ in range(senders)]

    def begin(self):
        self.round += 1
        if self.round == 1:
            for thread in self.threads:
                thread.start()

    def stop(self):
        self.round = None
        for thread in self.threads:
            thread.join()

    def run(self):
        connection, chance = None, random.Random()
        while (turn := self.round) is not None:
            delivery = f"{turn}-{chance.randrange(self.events)}"
            try:
                connection = connection or self.server.connect()
                answer = connection.request("POST", "/hook", b"{}",
                                            github_headers(b"{}", delivery=delivery))
            except OSError:
                connection = None
                continue
            if answer.status in ACKNOWLEDGED:
                self.note(delivery, answer.json())

    def note(self, delivery, body):
        with self.lock:
            if self.first.setdefault(delivery, body["id"]) != body["id"]:
                self.failures.append((delivery, body))
            self.agains[body["id"]] += body.get("again", False)
