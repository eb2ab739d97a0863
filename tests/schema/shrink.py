"""Makes differing pairs small: whatever can go while all three validators go on saying what they
said goes. Not optimal, but small enough to say whose fault it is."""
from instances import at, is_number, places
from validators import write

AT_ONCE = 24  # candidates of one pair that are tried together
GONE = object()


def put(value, path, item):
    """A copy of the value with the item at the path, or without what is there (GONE)."""
    if not path:
        return item
    key, rest = path[0], path[1:]
    if item is GONE and not rest:
        if isinstance(value, dict):
            return {k: v for k, v in value.items() if k != key}
        return value[:key] + value[key + 1:]
    if isinstance(value, dict):
        return {**value, key: put(value[key], rest, item)}
    return value[:key] + [put(value[key], rest, item)] + value[key + 1:]


def parts(value):
    return list(value.values()) if isinstance(value, dict) else \
        value if isinstance(value, list) else []


def instead(value, schema):
    """What might stand in the place of a value, in a schema or in an instance."""
    deeper = parts(value) + [part for outer in parts(value) for part in parts(outer)]
    yield from (part for part in deeper if not schema or isinstance(part, (dict, bool)))
    if is_number(value):
        yield from [0, 1]
    elif isinstance(value, str):
        half = len(value) // 2
        yield from [value[half:], value[:half]]
        yield from (value[:i] + value[i + 1:] for i in range(min(len(value), 40)))
    elif schema:
        yield from [True, {}, 1, "a"]
    else:
        yield from [None, 1, "", [], {}]


def smaller(value, schema):
    for path in places(value):
        if path:
            yield put(value, path, GONE)
        for other in instead(at(value, path), schema):
            yield put(value, path, other)


def size(case):
    return len(write(case.schema)) + len(write(case.instances[0])) + case.formats


def candidates(case):
    """Smaller cases, the smallest first."""
    made = [case._replace(formats=False)] if case.formats else []
    made += [case._replace(schema=schema) for schema in smaller(case.schema, True)]
    made += [case._replace(instances=[i]) for i in smaller(case.instances[0], False)]
    limit, unique = size(case), {}
    for other in made:
        if size(other) < limit:
            unique.setdefault((write(other.schema), write(other.instances), other.formats), other)
    return sorted(unique.values(), key=size)


def holding(tried, validators):
    """Of the (pair, case)s, which validators go on saying what they said about the pair."""
    for place, validator in validators:
        said = validator.verdicts([case for _, case in tried])
        tried = [(pair, case) for (pair, case), verdicts in zip(tried, said)
                 if verdicts[0].kind == pair.said[place].kind]
    return tried


class Pair:
    def __init__(self, case, said):
        self.case, self.said, self.left = case, said, candidates(case)


def shrink(pairs, validators):
    """Shrinks (case of one instance, what the validators say)s, all together, so that the programs
    are asked in batches. `validators` are (place in what was said, validator)s."""
    pairs = [Pair(case, said) for case, said in pairs]
    active = [pair for pair in pairs if pair.left]
    while active:
        tried = [(pair, case) for pair in active for case in pair.left[:AT_ONCE]]
        better = {}
        for pair, case in holding(tried, validators):
            better.setdefault(pair, case)
        for pair in active:
            pair.case = better.get(pair, pair.case)
            pair.left = candidates(pair.case) if pair in better else pair.left[AT_ONCE:]
        active = [pair for pair in active if pair.left]
    return [pair.case for pair in pairs]
