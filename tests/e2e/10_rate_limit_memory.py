"""200,000 addresses do not grow the memory, nobody is let in for it, and nobody is kept out."""
import os
import socket
from collections import Counter

from client import format_request
from harness import QUICK, Server, ensure, expect, in_threads, ledger, route
from senders import github_headers

ADDRESSES, THREADS = 20000 if QUICK else 200000, 8
# charged, then refused: 401
REQUEST = format_request("POST", "/hook", b"", {"Connection": "close"})
statuses = [Counter() for _ in range(THREADS)]

def sweep(number):
    host, port = server.addresses[1].partition("://")[2].split(":")
    for index in range(number, ADDRESSES, THREADS):
        connection = socket.socket()
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        connection.settimeout(20)
        connection.bind((f"127.{1 + (index >> 16)}.{index >> 8 & 255}.{index & 255}", 0))
        connection.connect((host, int(port)))
        connection.sendall(REQUEST)
        statuses[number].update([connection.recv(12)[9:]])
        connection.close()

limit = {"rate": "1/h", "burst": 2, "per": "client"}
env = {"ASAN_OPTIONS": os.environ.get("ASAN_OPTIONS", "") + ":quarantine_size_mb=0"}
with Server([route(actions=[ledger()], rate_limit=limit)], plain=True, log={"level": "error"},
            env=env) as server:
    for _ in range(3):
        status = server.request("POST", "/hook", b"{}", github_headers(b"{}"), index=1).status
    expect(status, 429, "a client that has used its burst")
    sweep(0)
    before = server.resident()
    in_threads(sweep, [(n,) for n in range(1, THREADS)])
    grown, total = server.resident() - before, sum(sum(counts.values()) for counts in statuses)
    expect({status for counts in statuses for status in counts}, {b"401"}, "answers to so many")
    ensure(grown < 4 << 20, f"the server grew by {grown >> 10} KiB")
print(f"{total} addresses: 401 each, the server grew by {max(0, grown) >> 10} KiB")
