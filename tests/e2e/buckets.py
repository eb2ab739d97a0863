"""What a token bucket must have done, judged from outside: a request was decided at some moment
between sending it and its answer.

A refusal proves demand: less than one token was there. So between two refusals all that was earned
was given out, but for less than one token; unless the bucket was full meanwhile, which takes longer
than the gaps in a chain of refusals. Nothing here depends on how fast the machine is.
"""
import time

from harness import ensure, expect
from senders import github_headers

BODY = b"{}"


def hammer(connection, path, until, seen):
    while (sent := time.monotonic()) < until:
        status = connection.request("POST", path, BODY, github_headers(BODY)).status
        seen.append((sent, time.monotonic(), status))


def longest_chain(refused, most_gap):
    begin = 0
    best = range(0, 1)
    for end in range(1, len(refused) + 1):
        if end == len(refused) or refused[end][1] - refused[end - 1][0] >= most_gap:
            chain = range(begin, end)
            best = max(best, chain, key=lambda r: refused[r[-1]][0] - refused[r[0]][1])
            begin = end
    return [refused[i] for i in best]


def clear_of(admitted, refused):
    """The first refusal that nothing admitted overlaps: what came before and after it is then
    known."""
    for sent, got, status in refused[:500]:
        if not any(a <= got and b >= sent for a, b, _ in admitted):
            return sent, got, status
    return refused[0]


def check_bucket(rate, burst, seen):
    """`rate` a second. The seconds of proved demand, and what was admitted in them."""
    refused = sorted(request for request in seen if request[2] == 429)
    admitted = [request for request in seen if request[2] == 202]
    expect(len(refused) + len(admitted), len(seen), "answers 202 and 429")
    ensure(refused and admitted, "both kinds of answers")
    most = burst + rate * (max(got for _, got, _ in admitted) - min(sent
                                                                    for sent, _, _ in admitted))
    ensure(len(admitted) <= most, f"{rate}/s: {len(admitted)} admitted, at most {most:.2f}")
    chain = longest_chain(refused, (burst - 1) / rate)
    first, last = clear_of(admitted, chain), clear_of(admitted, chain[::-1])
    shortest, longest = max(0, last[0] - first[1]), last[1] - first[0]
    perhaps = sum(sent <= last[1] and got >= first[0] for sent, got, _ in admitted)
    surely = sum(sent > first[1] and got < last[0] for sent, got, _ in admitted)
    ensure(perhaps > rate * shortest - 1,
           f"{rate}/s: {perhaps} admitted in {shortest:.3f} s of demand")
    ensure(surely < rate * longest + 1,
           f"{rate}/s: {surely} admitted in {longest:.3f} s between refusals")
    return shortest, perhaps
