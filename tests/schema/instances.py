"""Values that nearly fit a schema: `fit` follows its keywords as well as it can, and `mutate`
changes a place or two."""
import copy
from decimal import Decimal
from fractions import Fraction

import samples
from validators import Number


def is_number(value):
    return isinstance(value, (int, float, Number)) and not isinstance(value, bool)


def exact(value):
    """The number as it is written."""
    return Fraction(value.text if isinstance(value, Number) else repr(value))


def spell(number):
    """A number with that very value, or near it."""
    if number.denominator == 1:
        return int(number)
    near = float(number)
    if exact(near) == number:
        return near
    return Number(format(Decimal(number.numerator) / Decimal(number.denominator), "f"))


def canonical(value):
    """Equal values, as JSON Schema has it, have equal ones."""
    if is_number(value):
        return "number", exact(value)
    if isinstance(value, list):
        return "array", tuple(map(canonical, value))
    if isinstance(value, dict):
        return "object", frozenset((name, canonical(v)) for name, v in value.items())
    return type(value).__name__, value


def places(value, path=()):
    """All paths to values inside."""
    yield path
    inside = value.items() if isinstance(value, dict) else \
        enumerate(value) if isinstance(value, list) else ()
    for key, item in inside:
        yield from places(item, path + (key,))


def at(value, path):
    for key in path:
        value = value[key]
    return value


class Instances:
    """`maker` is the maker of the schema: its names, patterns and references."""

    def __init__(self, rng, maker):
        self.rng, self.maker = rng, maker
        self.texts = rng.sample(samples.STRINGS, 5)

    # ---- anything ----

    def chance(self, probability):
        return self.rng.random() < probability

    def number(self):
        kind = self.rng.random()
        return self.rng.choice(samples.SMALL if kind < 0.82 else samples.SPELT if kind < 0.97
                               else samples.BIG)

    def text(self):
        if self.chance(0.3):
            return self.rng.choice(self.maker.patterns).sample()
        return self.rng.choice(self.texts)

    def value(self, depth):
        kind = self.rng.randrange(9 if depth > 0 else 6)
        if kind < 6:
            return [None, True, False, self.number(), self.number(), self.text()][kind]
        if kind == 6:
            return [self.value(depth - 1) for _ in range(self.rng.randrange(4))]
        return {name: self.value(depth - 1) for name in self.maker.some(self.maker.names, 0)}

    def of_kind(self, kind):
        if kind in ("number", "integer"):
            return self.number()
        if kind == "string":
            return self.text()
        if kind in ("array", "object"):
            values = [self.value(1) for _ in range(self.rng.randrange(4))]
            return values if kind == "array" else \
                dict(zip(self.maker.some(self.maker.names, 3), values))
        return None if kind == "null" else self.chance(0.5)

    # ---- what fits ----

    def about(self, schema, count):
        made, fitting = [], None
        for i in range(count):
            if i % 3 == 0 or self.chance(0.1):
                fitting = self.fit(schema, 6)
                made.append(fitting)
            else:
                made.append(self.mutate(fitting) if self.chance(0.9) else self.value(3))
        return copy.deepcopy(made)

    def gather(self, schema, into, fuel):
        """What the schema and those that it applies in place say, in one dictionary."""
        if not isinstance(schema, dict) or fuel <= 0:
            return
        links = self.maker.links
        for word in ("$ref", "$dynamicRef", "$recursiveRef"):
            if schema.get(word) in links if isinstance(schema.get(word), str) else False:
                self.gather(self.target(self.rng.choice(links[schema[word]])), into, fuel - 1)
        for word, value in schema.items():
            self.merge(word, value, into)
        for branch in schema.get("allOf", ()):
            self.gather(branch, into, fuel - 1)
        for word in ("anyOf", "oneOf"):
            if word in schema:
                self.gather(self.rng.choice(schema[word]), into, fuel - 1)
        if "if" in schema:
            words = ["if", "then"] if self.chance(0.6) else ["else"]
            for word in words:
                self.gather(schema.get(word), into, fuel - 1)

    @staticmethod
    def merge(word, value, into):
        if word in ("properties", "patternProperties") and isinstance(value, dict):
            into.setdefault(word, {}).update(value)
        elif word == "required" and isinstance(value, list):
            into[word] = into.get(word, []) + value
        else:
            into.setdefault(word, value)

    def target(self, target):
        if not isinstance(target, int) or isinstance(target, bool):
            return target
        return self.maker.definitions[target]["value"] if target >= 0 else self.whole

    def fit(self, schema, depth):
        if depth == 6:
            self.whole = schema
        said = {}
        self.gather(schema, said, 5)
        if not said or self.chance(0.02):
            return self.value(2)
        if "const" in said and self.maker.draft > 0:
            return said["const"]
        if said.get("enum"):
            return self.rng.choice(said["enum"])
        kind = self.kind(said)
        if kind in ("object", "array"):
            make = self.fit_object if kind == "object" else self.fit_array
            return make(said, depth - 1)
        return {"null": lambda: None, "boolean": lambda: self.chance(0.5),
                "string": lambda: self.fit_text(said), "number": lambda: self.fit_number(said),
                "integer": lambda: self.fit_number(said, 1)}[kind]()

    def kind(self, said):
        if "type" in said:
            types = said["type"] if isinstance(said["type"], list) else [said["type"]]
            return self.rng.choice(types)
        hints = [kind for word, kind in HINTS.items() if word in said]
        return self.rng.choice(hints or ["object", "array", "string", "number", "null"])

    def fit_text(self, said):
        if "pattern" in said:
            for pattern in self.maker.patterns:
                if pattern.source == said["pattern"]:
                    return pattern.sample()
        row = samples.FORMATS.get(said.get("format"))
        if said.get("format") == "regex" and self.chance(0.5):
            return self.rng.choice(self.maker.patterns).source
        if row and self.chance(0.95):
            return self.rng.choice(row[1] if self.chance(0.7) or not row[2] else row[2])
        text = self.text()
        least, most = (int(exact(said.get(word, other))) for word, other in
                       (("minLength", 0), ("maxLength", 50)))
        while len(text) < least:
            text += self.rng.choice("a\U0001f600é1")
        return text[:max(most, 0)]

    def fit_number(self, said, step=0):
        low, high = (exact(said[w]) if is_number(said.get(w)) else None for w in
                     ("minimum", "maximum"))
        for word in ("exclusiveMinimum", "exclusiveMaximum"):
            if is_number(said.get(word)):
                low, high = (exact(said[word]), high) if "Min" in word else (low, exact(said[word]))
        step = exact(said["multipleOf"]) if "multipleOf" in said else Fraction(step)
        near = low if low is not None else high if high is not None else exact(self.number())
        near += self.rng.choice([0, 0, 1, -1, Fraction(1, 2)]) * (step or 1)
        if step:
            near = near // step * step + (step if self.chance(0.3) else 0)
        return self.respell(spell(near))

    def respell(self, number, chance=0.08):
        """The same number, perhaps in other letters."""
        if isinstance(number, int) and number and self.chance(chance):
            return Number(self.rng.choice(["%d.0", "%de0", "%d.00e0", "%d0e-1"]) % number)
        return number

    def fit_object(self, said, depth):
        properties, made = said.get("properties", {}), {}
        for name in list(properties) + said.get("required", []):
            if depth > 0 and (name in said.get("required", []) or self.chance(0.6)):
                made[name] = self.fit(properties.get(name, self.rest(said)), depth)
        least = int(exact(said.get("minProperties", 0)))
        for name in self.maker.some(self.maker.names, 0, max(least - len(made), 0) + 1):
            if depth > 0:
                made.setdefault(name, self.fit(self.rest(said), depth))
        if depth > 3 and self.chance(0.01):
            made.update(("n%d" % i, self.value(0)) for i in range(self.rng.choice([20, 64, 70])))
        for name in list(made):
            if self.chance(0.1) and name not in said.get("required", []):
                del made[name]
        return made

    def rest(self, said):
        patterns = list(said.get("patternProperties", {}).values())
        others = [said[w] for w in ("additionalProperties", "unevaluatedProperties") if w in said]
        return self.rng.choice(patterns + others + [True])

    def fit_array(self, said, depth):
        items = said.get("items", True)
        prefix = items if isinstance(items, list) else said.get("prefixItems", [])
        rest = said.get("additionalItems", True) if isinstance(items, list) else items
        least = int(exact(said.get("minItems", 0)))
        length = max(least, self.rng.choice([0, 1, 2, 3, len(prefix), len(prefix) + 1]))
        made = []
        for i in range(min(length, 8) if depth > 0 else 0):
            schema = prefix[i] if i < len(prefix) else rest
            if "contains" in said and self.chance(0.4):
                schema = said["contains"]
            made.append(self.fit(schema, depth))
        if made and depth > 3 and self.chance(0.03):  # as long as hashes and bit sets take notice
            made += [self.change(made[-1], made) for _ in range(self.rng.choice([8, 20, 64, 70]))]
        return made

    # ---- what does not ----

    def mutate(self, value):
        value = copy.deepcopy(value)
        for _ in range(self.rng.choice([1, 1, 2])):
            path = self.rng.choice(list(places(value)))
            changed = self.change(at(value, path), value)
            if not path:
                value = changed
            else:
                at(value, path[:-1])[path[-1]] = changed
        return value

    def change(self, value, whole):
        if self.chance(0.15):
            return self.value(2)
        if self.chance(0.06):
            return self.alike(value)
        if self.chance(0.08):
            return copy.deepcopy(at(whole, self.rng.choice(list(places(whole)))))
        if is_number(value):
            return self.change_number(value)
        if isinstance(value, str):
            return self.change_text(value)
        if isinstance(value, list):
            return self.change_array(value)
        return self.change_object(value) if isinstance(value, dict) else self.value(1)

    def change_number(self, value):
        if self.chance(0.2):
            return self.respell(value)
        by = self.rng.choice([1, -1, 1, -1, Fraction(1, 10), Fraction(1, 2),
                              10**20 if self.chance(0.1) else 0.25])
        return spell(exact(value) + Fraction(by)) if self.chance(0.8) else -value if \
            isinstance(value, (int, float)) else self.number()

    def change_text(self, value):
        place = self.rng.randrange(len(value) + 1)
        kind = self.rng.randrange(4)
        letter = self.rng.choice("a1-. é\U0001f600/:Z~%\n#{}+T_@")
        return [value[:place] + letter + value[place:], value[:place] + value[place + 1:],
                value[:place] + letter + value[place + 1:], value + value[:1]][kind]

    def change_array(self, value):
        kind = self.rng.randrange(4)
        if not value or kind == 0:
            return value + [self.value(2)]
        i = self.rng.randrange(len(value))
        return [value[:i] + value[i + 1:], value + [self.alike(value[i])], value[::-1]][kind - 1]

    def alike(self, value):
        """An equal value that is written otherwise."""
        if is_number(value):
            return self.respell(value, 0.5)
        if isinstance(value, list):
            return list(map(self.alike, value))
        if isinstance(value, dict):
            return {name: self.alike(value[name]) for name in reversed(value)}
        return value

    def change_object(self, value):
        kind = self.rng.randrange(3)
        if not value or kind == 0:
            return {**value, self.rng.choice(self.maker.names): self.value(2)}
        gone = self.rng.choice(list(value))
        kept = {name: item for name, item in value.items() if name != gone}
        return kept if kind == 1 else {**kept, self.rng.choice(self.maker.names): value[gone]}


HINTS = {"properties": "object", "required": "object", "additionalProperties": "object",
         "patternProperties": "object", "minProperties": "object", "maxProperties": "object",
         "propertyNames": "object", "dependencies": "object", "dependentRequired": "object",
         "dependentSchemas": "object", "unevaluatedProperties": "object", "items": "array",
         "prefixItems": "array", "contains": "array", "minItems": "array", "maxItems": "array",
         "uniqueItems": "array", "unevaluatedItems": "array", "additionalItems": "array",
         "minLength": "string", "maxLength": "string", "pattern": "string", "format": "string",
         "minimum": "number", "maximum": "number", "exclusiveMinimum": "number",
         "exclusiveMaximum": "number", "multipleOf": "number"}
