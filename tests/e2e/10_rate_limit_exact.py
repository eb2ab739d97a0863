"""Two listeners, 16 connections hammering, three rates: never more admitted than burst + rate x time, never more than one short of it."""
import threading
import time

from harness import QUICK, Server, ensure, in_threads, ledger, route
from senders import github_headers

SECONDS = 3 if QUICK else 6
RATES = {"20/s": (20, 5), "120/m": (2, 3), "400/s": (400, 50)}  # a second, burst
BODY = b"{}"


def hammer(path, until, admitted, lock):
    with server.connect(index=-1) as connection:
        while time.monotonic() < until:
            sent = time.monotonic()
            answer = connection.request("POST", path, BODY, github_headers(BODY))
            with lock:
                if answer.status == 202:
                    admitted.append((sent, time.monotonic()))
                else:
                    ensure(answer.status == 429 and int(answer.headers["retry-after"]) >= 1, f"{answer}")


routes = [route(f"r{i}", dedupe="off", actions=[{"pipe": "@OUT@/nobody-reads", "create": "0600"}],
                rate_limit={"rate": rate, "burst": burst, "per": ("client", "route")[i % 2]})
          for i, (rate, (_, burst)) in enumerate(RATES.items())]
with Server(routes, plain=True, server={"listeners": 2}, log={"level": "error"}) as server:
    for number, (rate, (a_second, burst)) in enumerate(RATES.items()):
        admitted, lock = [], threading.Lock()
        begun = time.monotonic()
        in_threads(hammer, [(f"/r{number}", begun + SECONDS, admitted, lock)] * 16)
        most = burst + a_second * (time.monotonic() - begun)
        # time from the first answer to the last request sent: what the bucket surely had
        least = burst + a_second * (max(sent for sent, _ in admitted) - min(got for _, got in admitted)) - 1
        ensure(len(admitted) <= most, f"{rate}: {len(admitted)} admitted, at most {most:.1f}")
        ensure(len(admitted) >= int(least), f"{rate}: {len(admitted)} admitted, at least {least:.1f}")
        print(f"{rate} burst {burst}: {len(admitted)} admitted, between {least:.1f} and {most:.1f}")
