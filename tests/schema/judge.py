"""Whose fault a difference is: the other's, if a row of faults.py shows it."""
import re
from concurrent.futures import ThreadPoolExecutor

from faults import FAULTS, READ, as_javascript
from shrink import shrink
from validators import DIED, REFUSED, Ajv, Case, Ours, Sourcemeta

OURS, AJV, SOURCEMETA = range(3)
NAMES = ["ours", "ajv", "sourcemeta"]


class Session:
    def __init__(self, program):
        self.validators = [Ours(program), Ajv(), Sourcemeta()]
        self.explaining = Ours(program, "--explain")
        self.pool = ThreadPoolExecutor(len(self.validators))

    def ask(self, cases):
        """For each case, for each of its instances: the three answers."""
        said = self.pool.map(lambda validator: validator.verdicts(cases), self.validators)
        return [list(zip(*answers)) for answers in zip(*said)]

    def unlike_explained(self, cases, said):
        """The (case, instance)s where we say something else when we collect reasons."""
        explained = self.explaining.verdicts(cases)
        return [(case, instance) for case, answers, others in zip(cases, said, explained)
                for instance, three, other in zip(case.instances, answers, others)
                if three[OURS] != other]

    def ask_one(self, cases):
        return [answers[0] for answers in self.ask(cases)]

    def stop(self):
        """How many programs ended badly, such as with memory lost."""
        self.pool.shutdown()
        return sum([validator.stop() for validator in [*self.validators, self.explaining]])


class Difference:
    def __init__(self, case, said, peer):
        self.case, self.said, self.peer = case, said, peer  # of one instance
        self.small, self.small_said = case, said
        self.fault = None


def differences(cases, said):
    """Where a peer does not say what we say. A schema that it refuses is one difference."""
    for case, answers in zip(cases, said):
        whole = set()
        for instance, three in zip(case.instances, answers):
            for peer in (AJV, SOURCEMETA):
                if three[peer] == three[OURS] or peer in whole:
                    continue
                if three[peer] in (REFUSED, DIED):
                    whole.add(peer)
                yield Difference(case._replace(instances=[instance]), three, peer)


def tells(fault, peer, verdict):
    """Whether the peer itself says what it cannot do."""
    if fault.peer != NAMES[peer] or not isinstance(fault.how, str):
        return False
    if fault.how is DIED:
        return verdict == DIED
    return verdict == REFUSED and re.search(fault.how, verdict.why) is not None


def seen(peer, case, said):
    """The faults of the peer that the pair shows."""
    if said[peer] == said[OURS]:
        return []
    return [fault for fault in FAULTS if fault.peer == NAMES[peer] and callable(fault.how) and
            fault.how(case, said[OURS], said[peer])]


def shown(peer, case, said):
    """The same, where the third validator is with us or shows a fault of its own as well."""
    third = 3 - peer
    return seen(peer, case, said) if said[third] == said[OURS] or seen(third, case, said) else []


def find_read(session, found):
    """Finds ajv's differences that go when we read the pair as it does."""
    left = [d for d in found if d.peer == AJV and not d.fault]
    cases = [d.small._replace(schema=as_javascript(d.small.schema),
                              instances=as_javascript(d.small.instances)) for d in left]
    for d, answers in zip(left, session.validators[OURS].verdicts(cases)):
        third = d.small_said[SOURCEMETA] in (d.small_said[OURS], REFUSED, DIED)
        d.fault = READ if third and answers[0] == d.small_said[AJV] else None


def make_small(session, found, peer, strict):
    """Shrinks them; strictly: the third must go on saying what it said, too."""
    places = [OURS, peer, 3 - peer] if strict else [OURS, peer]
    small = shrink([(d.case, d.said) for d in found],
                   [(place, session.validators[place]) for place in places])
    for d, case, said in zip(found, small, session.ask_one(small)):
        d.small, d.small_said = case, said


def judge(session, found):
    """Sets `fault` of those that can be explained, and `small` of those that had to be shrunk."""
    for d in found:
        d.fault = next((fault for fault in FAULTS if tells(fault, d.peer, d.said[d.peer])), None)
    find_read(session, found)
    for strict in (False, True):
        for peer in (AJV, SOURCEMETA):
            left = [d for d in found if d.peer == peer and not d.fault]
            make_small(session, left, peer, strict)
            for d in left:
                d.fault = next(iter(shown(peer, d.small, d.small_said)), None)
            find_read(session, left)


def check_example(session, fault):
    """What is wrong with a row's example: text, or None."""
    draft, formats, schema, instance, right = fault.example
    case = Case(draft, formats, schema, [instance])
    said = session.ask_one([case])[0]
    peer = NAMES.index(fault.peer)
    if said[OURS] != right:
        return "we are wrong: %s" % said[OURS]
    if said[peer] == right:
        return "it is right now"
    difference = Difference(case, said, peer)
    find_read(session, [difference])
    found = difference.fault is fault or tells(fault, peer, said[peer]) or \
        fault in shown(peer, case, said)
    return None if found else "the row does not match its own example: %s" % (said,)
