"""What has to be true of a trace, whatever was done to the server.

The model knows what was sent, what was answered, and what was done to the server and when (the
driver's side), when each attempt began and ended and with which status (the ledger that the
commands write), and what the journal says in the end. From the first two it follows what the third
may say. Times are nanoseconds of the monotonic clock, the same for all.
"""
from collections import defaultdict
from dataclasses import dataclass, field

RETRIED = 75  # the exit status that is tried again


@dataclass
class Sent:
    """An event that was acknowledged."""
    id: str
    route: str
    key: str
    plan: list
    ms: int
    answered_ns: int
    number: int = 0  # in the journal


@dataclass
class Attempt:
    number: int
    begun_ns: int
    ended_ns: int = 0  # 0: nobody has seen its end
    status: int = -1


@dataclass
class Done:
    """Something that was done to the server, or to one event, within that time."""
    what: str  # a word of DISTURB, or "replay", "copy", "cancel", "pause"
    from_ns: int
    to_ns: int
    event: str = ""  # or the route, of a pause
    handed_over: tuple = ()  # id and attempt of what ran when it was paused


DISTURB = ("kill runner", "kill all", "stop", "reload")


@dataclass
class Rules:
    """Of a route, as the route file has them."""
    attempts: int = 5
    backoff_ns: int = 0
    at_once: int = 0  # deliveries that run beside each other; 0: any number
    by_key: bool = False
    newest_wins: bool = False  # cancel_running
    folds: bool = False        # coalesce
    crash_is_final: bool = False


@dataclass
class World:
    routes: dict  # Rules by name
    contained: bool = True
    sent: dict = field(default_factory=dict)  # by id
    done: list = field(default_factory=list)
    attempts: dict = field(default_factory=lambda: defaultdict(list))
    rows: dict = field(default_factory=dict)  # (state, attempt, reason, superseded_by) by id
    faults: list = field(default_factory=list)

    def fault(self, event, text):
        self.faults.append(f"{event.route} {event.id} (key {event.key}, plan {event.plan}): {text}")


def read_ledger(text):
    """Attempts by event."""
    found = defaultdict(dict)
    doubled = []
    for line in text.splitlines():
        what, event, _, number, status, at_ns, _ = line.split()
        if what == "begin":
            if int(number) in found[event]:
                doubled.append(f"attempt {number} of {event} has begun twice")
            found[event][int(number)] = Attempt(int(number), int(at_ns))
        elif int(number) in found[event]:
            found[event][int(number)].ended_ns = int(at_ns)
            found[event][int(number)].status = int(status)
    return {event: sorted(each.values(), key=lambda attempt: attempt.number)
            for event, each in found.items()}, doubled


def between(world, from_ns, to_ns, words, event=""):
    """Whether one of these was under way in that time."""
    return any(one.what in words and one.to_ns >= from_ns and one.from_ns <= to_ns
               and (not one.event or one.event == event) for one in world.done)


def was_voided(world, event, attempt, next_ns):
    """Whether its end may not have reached the journal."""
    return not attempt.ended_ns or between(world, attempt.ended_ns, next_ns, DISTURB, event.id)


def check_attempts(world, event):
    """Each attempt needs a reason, and so does the state in the end."""
    rules, attempts = world.routes[event.route], world.attempts[event.id]
    state, _, reason, by = world.rows[event.id]
    counted = [0, 0]  # failures of the present budget: at least, at most
    for attempt, following in zip(attempts, attempts[1:] + [None]):
        next_ns = following.begun_ns if following else 1 << 62
        voided = was_voided(world, event, attempt, next_ns)
        retried = attempt.ended_ns and attempt.status == RETRIED
        anew = between(world, attempt.begun_ns, next_ns, ("replay", "copy"), event.id)
        if retried:
            counted = [counted[0] + (not voided), counted[1] + 1]
        if following:
            may_retry = retried and counted[0] < rules.attempts
            if not (may_retry or voided or anew):
                world.fault(event, f"attempt {following.number} has no reason: the one before "
                                   f"ended with {attempt.status}")
            if may_retry and not voided and not anew and \
                    following.begun_ns < attempt.ended_ns + rules.backoff_ns // 2:
                world.fault(event, f"attempt {following.number} came too early")
        if anew:  # perhaps: it may have had nothing to do
            counted = [0, counted[1]]
    check_state(world, event, state, reason, by, counted)


def check_state(world, event, state, reason, by, counted):
    rules, attempts = world.routes[event.route], world.attempts[event.id]
    last = attempts[-1] if attempts else None
    cancelled = between(world, 0, 1 << 62, ("cancel",), event.id)
    crashed = last and not last.ended_ns or between(world, last.ended_ns if last else 0, 1 << 62,
                                                    DISTURB)
    if state == "done":
        right = last and last.status == 0 and last.ended_ns
    elif state == "dead":
        final = last and last.ended_ns and last.status not in (0, RETRIED)
        exhausted = last and last.status == RETRIED and counted[1] >= rules.attempts
        ended_first = last and last.status == RETRIED  # before the cancellation, and is not retried
        right = final or exhausted or (cancelled and ("cancel" in (reason or "") or ended_first)) \
            or (rules.crash_is_final and crashed) or "given up" in (reason or "")
    elif state == "superseded":
        newer = world.sent.get(by)
        right = (rules.newest_wins or (rules.folds and not attempts)) and newer and \
            newer.key == event.key and newer.route == event.route and newer.number > event.number
    else:
        right = False
    if not right:
        world.fault(event, f"is {state} ({reason}, superseded by {by}); attempts: {attempts}")


def interval(world, attempt):
    """From its begin to its end, or to the moment from which on something may have ended it."""
    if attempt.ended_ns:
        return attempt.begun_ns, attempt.ended_ns
    ends = [max(one.from_ns, attempt.begun_ns) for one in world.done
            if one.to_ns >= attempt.begun_ns and one.what in DISTURB + ("cancel",)]
    return attempt.begun_ns, min(ends, default=attempt.begun_ns)


def check_limits(world, name, rules):
    """No more at once than may be, of the route or of each key."""
    groups = defaultdict(list)
    for event in world.sent.values():
        if event.route == name:
            for attempt in world.attempts[event.id]:
                begun, ended = interval(world, attempt)
                if attempt.ended_ns or not rules.newest_wins:
                    groups[event.key if rules.by_key else ""].append((begun, 1, event.id))
                    groups[event.key if rules.by_key else ""].append((ended, -1, event.id))
    for key, marks in groups.items():
        running = 0
        for at_ns, change, event in sorted(marks):
            running += change
            if running > rules.at_once:
                own = {one: world.attempts[one] for at, _, one in marks
                       if abs(at - at_ns) < 10 ** 9}
                done = [one for one in world.done if abs(one.to_ns - at_ns) < 10 ** 9]
                world.faults.append(f"{name}, key {key}: {running} at once at {at_ns} ({event}); "
                                    f"near: {own}; done: {done}")
                break


def check_order(world, name):
    """Of one key, nothing begins before what came before it has ended for good."""
    by_key = defaultdict(list)
    for event in world.sent.values():
        if event.route == name:
            by_key[event.key].append(event)
    for events in by_key.values():
        events.sort(key=lambda event: event.number)
        for older, newer in zip(events, events[1:]):
            first = world.attempts[newer.id][:1]
            later = [attempt for attempt in world.attempts[older.id]
                     if first and attempt.begun_ns > first[0].begun_ns]
            for attempt in later:
                if not between(world, 0, attempt.begun_ns, ("replay", "copy"), older.id):
                    world.fault(older, f"attempt {attempt.number} began after {newer.id} had")


def check_last_ran(world, name):
    """Of each key the newest event ran to its end, whatever became of those before."""
    last = {}
    for event in world.sent.values():
        if event.route == name and (event.key not in last
                                    or last[event.key].number < event.number):
            last[event.key] = event
    for event in last.values():
        if world.rows[event.id][0] == "superseded":
            world.fault(event, "is the last of its key and was superseded")


def check_pauses(world):
    """Nothing of a paused route begins."""
    for pause in world.done:
        if pause.what != "pause":
            continue
        for event in world.sent.values():
            for attempt in world.attempts[event.id] if event.route == pause.event else ():
                if pause.from_ns < attempt.begun_ns < pause.to_ns and \
                        (event.id, attempt.number) not in pause.handed_over:
                    late = (attempt.begun_ns - pause.from_ns) // 1000000
                    world.fault(event, f"attempt {attempt.number} began {late} ms after a pause")


def check(world):
    """The faults, each a sentence."""
    for event in world.sent.values():
        if event.id not in world.rows:
            world.fault(event, "was acknowledged and is not in the journal")
        else:
            check_attempts(world, event)
    if world.faults:
        return world.faults
    for name, rules in world.routes.items():
        if rules.at_once and world.contained:
            check_limits(world, name, rules)
        if rules.at_once == 1 and rules.by_key and not rules.newest_wins:
            check_order(world, name)
        if rules.newest_wins or rules.folds:
            check_last_ran(world, name)
    check_pauses(world)
    return world.faults
