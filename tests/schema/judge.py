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
        for validator in [*self.validators, self.explaining]:
            validator.stop()
        self.pool.shutdown()


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


def reads_otherwise(session, found):
    """Of ajv's differences, those where we answer as it does once we read the pair as it does."""
    cases = [d.case._replace(schema=as_javascript(d.case.schema),
                             instances=as_javascript(d.case.instances)) for d in found]
    answers = session.validators[OURS].verdicts(cases)
    return [d for d, answer in zip(found, answers)
            if answer[0] == d.said[AJV]
            and d.said[SOURCEMETA] in (d.said[OURS], REFUSED, DIED)]


def judge(session, found):
    """Sets `fault` of those that can be explained, and `small` of those that had to be shrunk."""
    for d in found:
        d.fault = next((fault for fault in FAULTS if tells(fault, d.peer, d.said[d.peer])), None)
    for d in reads_otherwise(session, [d for d in found if d.peer == AJV and not d.fault]):
        d.fault = READ
    for strict in (False, True):  # strict: the third must go on saying what it said, too
        for peer in (AJV, SOURCEMETA):
            left = [d for d in found if d.peer == peer and not d.fault]
            who = [OURS, peer, 3 - peer] if strict else [OURS, peer]
            small = shrink([(d.case, d.said) for d in left],
                           [(place, session.validators[place]) for place in who])
            for d, d.small, d.small_said in zip(left, small, session.ask_one(small)):
                d.fault = next(iter(shown(peer, d.small, d.small_said)), None)


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
    if fault is READ:
        found = reads_otherwise(session, [Difference(case, said, peer)])
    else:
        found = tells(fault, peer, said[peer]) or fault in shown(peer, case, said)
    return None if found else "the row does not match its own example: %s" % (said,)
