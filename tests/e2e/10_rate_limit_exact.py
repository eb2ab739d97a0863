"""Two listeners, 16 connections hammering, three rates: never more admitted than burst + rate x
time, never more than one short of it."""
import time

from buckets import check_bucket, hammer
from harness import QUICK, Server, in_threads, route, wait_until

SECONDS = 3 if QUICK else 6
RATES = {"20/s": (20, 5), "120/m": (2, 3), "100/s": (100, 25)}  # a second, burst


def proves():
    """Hammers; whether demand was proved for most of the time, which on a loaded machine it may not
    be."""
    seen = []
    in_threads(hammer, [(connection, f"/r{number}", time.monotonic() + SECONDS, seen)
                        for connection in connections])
    seconds, admitted = check_bucket(a_second, burst, seen)
    print(f"{rate} burst {burst}: {admitted} admitted in {seconds:.2f} s of proved demand, "
          f"{len(seen)} requests")
    return seconds > SECONDS * 0.7


routes = [route(f"r{i}", dedupe="off", actions=[{"pipe": "@OUT@/nobody-reads", "create": "0600"}],
                rate_limit={"rate": rate, "burst": burst, "per": ("client", "route")[i % 2]})
          for i, (rate, (_, burst)) in enumerate(RATES.items())]
with Server(routes, plain=True, server={"listeners": 2}, log={"level": "error"}) as server:
    connections = sum(server.connect_each(8, index=-1), [])
    for number, (rate, (a_second, burst)) in enumerate(RATES.items()):
        wait_until(proves, f"{rate}: demand to be proved", 60)
