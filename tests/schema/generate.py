"""Random schemas that know every keyword of every draft, in the table at the end. A case depends on
its name alone, which is the seed of its random numbers: generate("1/17", 6).
"""
import copy
import random

import samples
from instances import Instances, canonical
from references import D4, D6, D7, D19, D20, DRAFTS, KINDS, ROOT, ROOT_URI, References
from validators import DIALECTS, Case

TYPES = ["null", "boolean", "object", "array", "string", "integer", "number"]


class Maker(References):
    def __init__(self, name):
        self.rng = rng = random.Random(name)
        self.draft = rng.choice([D4, D6, D7, D19, D20, D20])
        self.formats = rng.random() < 0.4
        others = [[rng.choice(samples.ODD_NAMES)], samples.TWIN_NAMES,
                  [rng.choice(samples.EVIL_NAMES)]]
        self.names = rng.sample(samples.NAMES, 3) + rng.choices(others, [80, 10, 2])[0]
        self.patterns = [samples.Pattern(rng) for _ in range(2)]
        self.values = Instances(rng, self)
        self.kind = None  # of value that the schema being made is about
        super().__init__()

    # ---- chance ----

    def chance(self, probability):
        return self.rng.random() < probability

    def some(self, things, least=1, most=3):
        return self.rng.sample(things, min(len(things), self.rng.randint(least, most)))

    def count(self):
        number = self.rng.choice([0, 1, 1, 2, 2, 3, 4, 6])
        spelt = self.draft >= D6 and self.chance(0.05)
        return samples.Number("%d.0" % number) if spelt else number

    def number(self):
        return self.values.number()

    def divisor(self):
        return self.rng.choice(samples.DIVISORS if self.chance(0.9) else samples.HARD_DIVISORS)

    def listed(self, make, least=1, most=3):
        return [make() for _ in range(self.rng.randint(least, most))]

    def unlike(self, values):
        """The values without those that equal an earlier one."""
        return list({canonical(value): value for value in reversed(values)}.values())

    # ---- schemas ----

    def child(self, depth):
        """A schema for a member or an item."""
        saved, self.floor = self.floor, ROOT
        schema = self.schema(depth - 1)
        self.floor = saved
        return schema

    def same(self, depth):
        """A schema for the same value, so mostly for the same kind of value."""
        return self.schema(depth - 1, self.kind if self.chance(0.85) else None)

    def boolean(self):
        return self.rng.choice([True, True, False])

    def schema(self, depth, kind=None):
        outer, self.kind = self.kind, kind or self.rng.choice(KINDS)
        schema = self.leaf() if depth <= 0 or self.chance(0.1) else self.tree(depth)
        self.kind = outer
        return schema

    def tree(self, depth):
        schema = {}
        for group in self.groups():
            rows = [row for row in KEYWORDS if row[3] == group and self.allows(row)]
            weights = [row[4] for row in rows]
            for _ in range(self.rng.choice([1, 1, 2, 3])):
                name, _, _, _, _, make = self.rng.choices(rows, weights)[0]
                add(schema, name, make(self, depth))
        return self.alone(schema) if "$ref" in schema and self.draft <= D7 else schema

    def alone(self, schema):
        """Up to draft 07 what stands beside $ref says nothing. ajv looks at `type` all the same."""
        if self.chance(0.6):
            return {"$ref": schema["$ref"]}
        return {word: value for word, value in schema.items()
                if word != "type" or self.chance(0.02)}

    def leaf(self):
        if self.draft >= D6 and self.chance(0.2):
            return self.boolean()
        return self.rng.choice([{}, {"type": self.kind}, {"type": self.types()},
                                {"enum": self.enum()}])

    def groups(self):
        others = [("type", 0.4), ("value", 0.12), ("place", 0.45), ("reference", 0.25),
                  ("rest", 0.2 if self.kind in ("object", "array") and self.draft >= D19 else 0),
                  ("condition", 0.1 if self.draft >= D7 else 0), ("note", 0.06)]
        return [self.kind] * self.chance(0.9) + [group for group, p in others if self.chance(p)]

    def allows(self, row):
        """The draft's rows; seldom another draft's, which says nothing here."""
        if row[1] <= self.draft <= row[2]:
            return True
        return self.chance(0.003) and row[0] not in ("exclusiveMinimum", "exclusiveMaximum")

    def type(self):
        if self.kind == "number" and self.chance(0.5):
            return "integer"
        return self.kind if self.chance(0.9) else self.rng.choice(TYPES)

    def types(self):
        return list(dict.fromkeys([self.type()] + self.some(TYPES, 0, 2)))

    def constant(self):
        return self.values.of_kind(self.kind if self.chance(0.8) else self.rng.choice(TYPES))

    def enum(self):
        most = 12 if self.kind == "string" and self.chance(0.2) else 4
        return self.unlike(self.listed(self.constant, 1, most))

    def format(self):
        names = [name for name, row in samples.FORMATS.items() if row[0] <= self.draft]
        few = [0.2 if name[:3] in ("idn", "iri") else 1 for name in names]  # unknown to ajv
        return self.rng.choices(names, few)[0]

    def pattern(self):
        if self.chance(0.15):
            return self.rng.choice(samples.PATTERNS_FOR_NAMES)
        return self.rng.choice(self.patterns).source

    def name(self):
        return self.rng.choice(self.names)

    def required(self):
        return self.some(self.names, 1, 2)

    def named(self, make, depth):
        return {name: make(depth) for name in self.some(self.names, 1, 3)}

    def name_patterns(self, depth):
        return {pattern: self.child(depth) for pattern in
                self.some(samples.PATTERNS_FOR_NAMES + [self.pattern()], 1, 2)}

    def items(self, depth):
        if self.draft < D20 and self.chance(0.4):
            return self.listed(lambda: self.child(depth))
        return self.child(depth)

    def additional(self, depth):
        return self.boolean() if self.chance(0.4) else self.child(depth)

    def dependencies(self, depth):
        return {name: self.required() if self.chance(0.5) else self.same(depth)
                for name in self.some(self.names, 1, 2)}

    def limit(self):
        return self.chance(0.5) if self.draft == D4 else self.number()

    def branches(self, depth):
        return self.listed(lambda: self.same(depth))

    def union(self, depth):
        """Branches that a member's text tells apart."""
        tag, texts = self.name(), self.some(["x", "y", "z", "xx", "é"], 2, 4)
        if self.chance(0.03):
            texts += ["t%d" % i for i in range(self.rng.choice([30, 61, 64, 70]))]
        branches = []
        for text in texts:
            said = {"const": text} if self.draft >= D6 and self.chance(0.6) else {"enum": [text]}
            if self.chance(0.1):
                said = {"enum": self.unlike([text, self.rng.choice(texts + [1])])}
            branch = self.schema(depth - 1 if len(texts) < 9 else 0, "object")
            branch = branch if isinstance(branch, dict) and "$ref" not in branch else {}
            branch["properties"] = {**branch.get("properties", {}), tag: said}
            if self.chance(0.8):
                branch["required"] = list(dict.fromkeys([tag] + self.some(self.names, 0, 1)))
            branches.append(branch)
        return {self.rng.choice(["oneOf", "anyOf"]): branches}

    def condition(self, depth):
        made = {"if": self.same(depth)}
        for name in self.some(["then", "else"], 0, 2):
            made[name] = self.same(depth)
        return made

    def light(self):
        """A schema that looks at some members or items and is often content with them."""
        if self.kind == "object":
            made = {"properties": {name: self.content() for name in self.some(self.names, 1, 2)}}
            if self.chance(0.3):
                made["required"] = self.some(self.names, 1, 1)
            if self.chance(0.2):
                made["patternProperties"] = {self.rng.choice(samples.PATTERNS_FOR_NAMES): {}}
            return made
        words = ["prefixItems", "items", "contains"] if self.draft == D20 else ["items", "contains"]
        word = self.rng.choice(words)
        several = word == "prefixItems" or (word == "items" and self.draft < D20)
        return {word: self.listed(self.content) if several else self.content()}

    def content(self):
        return self.rng.choice([True, {}, {"type": self.rng.choice(TYPES)}, self.light()
                                if self.chance(0.1) else True])

    def evaluated(self, depth):
        """What is left unevaluated by keywords that evaluate some."""
        made = {}
        for word in self.some(["allOf", "anyOf", "oneOf", "if", "dependentSchemas", "not", "$ref"]):
            if word == "$ref":
                made.update(self.reference())
            elif word.endswith("Of"):
                made[word] = self.listed(self.light)
            else:
                made[word] = {self.name(): self.light()} if word[0] == "d" else self.light()
            if word == "if":
                made.update((w, self.light()) for w in self.some(["then", "else"], 0, 2))
        last = "unevaluatedProperties" if self.kind == "object" else "unevaluatedItems"
        made[last] = False if self.chance(0.6) else self.additional(depth)
        return made

    def counted_contains(self, depth):
        made = {"contains": self.child(depth)}
        for name in self.some(["minContains", "maxContains"], 0, 2) if self.draft >= D19 else []:
            made[name] = self.count()
        return made

    def note(self):
        """Annotations and words that are none; what looks like a schema in them is none."""
        name = self.rng.choice(["title", "description", "$comment", "default", "examples", "x-note",
                                "readOnly", "deprecated", "contentEncoding", "contentMediaType"])
        looks = self.rng.choice([{"$ref": "#/nowhere"}, {"$id": "https://example.test/x"},
                                 {"type": "x"}, self.values.value(1)])
        values = {"default": looks, "x-note": looks, "examples": [looks], "readOnly": True,
                  "deprecated": True, "contentEncoding": "base64",
                  "contentMediaType": "application/json"}
        return {name: values.get(name, "words")}

    # ---- the whole ----

    def plain(self):
        """A format, a pattern or a number's keyword alone, so that nothing else decides."""
        self.kind, self.formats = self.rng.choice(["string", "string", "number"]), True
        word = self.rng.choice({"string": ["format", "format", "pattern"],
                                "number": ["multipleOf", "minimum", "enum"]}[self.kind])
        return {word: next(make for name, *_, make in KEYWORDS if name == word)(self, 0)}

    def root(self):
        self.plan()
        for i in range(len(self.definitions)):
            self.define(i)
        self.floor, self.resource = 0, ROOT
        kinds = ["object"] * 5 + ["array"] * 3 + ["string", "number"]
        made = self.schema(3, self.rng.choice(kinds))
        if not isinstance(made, dict) or (self.draft <= D7 and "$ref" in made):
            made = {"allOf": [made]}
        if self.tree_place is not None and self.chance(0.8):
            made["$ref"] = self.link("tree.json", self.tree_place)
        head = {"$schema": DIALECTS[DRAFTS[self.draft]]} if self.chance(0.5) else {}
        if self.has_id:
            end = "#" if self.draft >= D6 and self.chance(0.05) else ""
            head["id" if self.draft == D4 else "$id"] = ROOT_URI + end
        if self.root_anchor and self.draft == D20:
            head["$dynamicAnchor"] = "node"
        elif self.root_anchor:
            head["$recursiveAnchor"] = self.chance(0.8)
        for d in self.definitions:
            self.place(d, head, made)
        return {**head, **made}

    def place(self, definition, head, made):
        """What has an $id may stand anywhere, such as where it is the schema of a member."""
        holder = head.setdefault(self.holder, {})
        if definition["id"] and "$ref" not in made and self.chance(0.2):
            holder = made.setdefault("properties", {})
        holder[definition["name"]] = definition["value"]


def add(schema, name, value):
    """A row of several keywords, named None, brings them all or none."""
    if name is not None:
        schema[name] = value
    elif not set(value) & set(schema):
        schema.update(value)


# keyword (None: the maker answers several), first draft, last draft, group, weight, how it is made
KEYWORDS = [
    ("type", D4, D20, "type", 3, lambda m, d: m.type()),
    ("type", D4, D20, "type", 1, lambda m, d: m.types()),
    ("const", D6, D20, "value", 1, lambda m, d: m.constant()),
    ("enum", D4, D20, "value", 1, lambda m, d: m.enum()),
    ("minimum", D4, D20, "number", 2, lambda m, d: m.number()),
    ("maximum", D4, D20, "number", 2, lambda m, d: m.number()),
    (None, D4, D4, "number", 2,
     lambda m, d: {"minimum": m.number(), "exclusiveMinimum": m.limit()}),
    (None, D4, D4, "number", 2,
     lambda m, d: {"maximum": m.number(), "exclusiveMaximum": m.limit()}),
    ("exclusiveMinimum", D6, D20, "number", 2, lambda m, d: m.number()),
    ("exclusiveMaximum", D6, D20, "number", 2, lambda m, d: m.number()),
    ("multipleOf", D4, D20, "number", 3, lambda m, d: m.divisor()),
    ("minLength", D4, D20, "string", 2, lambda m, d: m.count()),
    ("maxLength", D4, D20, "string", 2, lambda m, d: m.count()),
    ("pattern", D4, D20, "string", 4, lambda m, d: m.pattern()),
    ("format", D4, D20, "string", 5, lambda m, d: m.format()),
    ("contentEncoding", D7, D20, "string", 0.3, lambda m, d: "base64"),
    ("contentMediaType", D7, D20, "string", 0.3, lambda m, d: "application/json"),
    ("contentSchema", D19, D20, "string", 0.3, lambda m, d: m.child(d)),
    ("items", D4, D20, "array", 4, lambda m, d: m.items(d)),
    ("prefixItems", D20, D20, "array", 4, lambda m, d: m.listed(lambda: m.child(d))),
    ("additionalItems", D4, D19, "array", 2, lambda m, d: m.additional(d)),
    ("minItems", D4, D20, "array", 1, lambda m, d: m.count()),
    ("maxItems", D4, D20, "array", 1, lambda m, d: m.count()),
    ("uniqueItems", D4, D20, "array", 2, lambda m, d: m.chance(0.9)),
    (None, D6, D20, "array", 3, lambda m, d: m.counted_contains(d)),
    ("minContains", D19, D20, "array", 0.1, lambda m, d: m.count()),
    ("maxContains", D19, D20, "array", 0.1, lambda m, d: m.count()),
    ("properties", D4, D20, "object", 6, lambda m, d: m.named(m.child, d)),
    ("patternProperties", D4, D20, "object", 2, lambda m, d: m.name_patterns(d)),
    ("additionalProperties", D4, D20, "object", 2, lambda m, d: m.additional(d)),
    ("required", D4, D20, "object", 2, lambda m, d: m.required()),
    ("minProperties", D4, D20, "object", 1, lambda m, d: m.count()),
    ("maxProperties", D4, D20, "object", 1, lambda m, d: m.count()),
    ("propertyNames", D6, D20, "object", 1, lambda m, d: m.child(d)),
    ("dependencies", D4, D7, "object", 2, lambda m, d: m.dependencies(d)),
    ("dependencies", D19, D20, "object", 0.2, lambda m, d: m.dependencies(d)),
    ("dependentRequired", D19, D20, "object", 1, lambda m, d: m.named(lambda _: m.required(), d)),
    ("dependentSchemas", D19, D20, "object", 1, lambda m, d: m.named(m.same, d)),
    ("unevaluatedProperties", D19, D20, "rest", 1, lambda m, d: m.additional(d)),
    (None, D19, D20, "rest", 3, lambda m, d: m.evaluated(d)),
    ("unevaluatedItems", D19, D20, "rest", 1, lambda m, d: m.additional(d)),
    ("allOf", D4, D20, "place", 2, lambda m, d: m.branches(d)),
    ("anyOf", D4, D20, "place", 2, lambda m, d: m.branches(d)),
    ("oneOf", D4, D20, "place", 2, lambda m, d: m.branches(d)),
    (None, D4, D20, "place", 1, lambda m, d: m.union(d) if m.kind == "object" else {}),
    ("not", D4, D20, "place", 1, lambda m, d: m.same(d)),
    (None, D7, D20, "condition", 5, lambda m, d: m.condition(d)),
    ("then", D7, D20, "condition", 0.1, lambda m, d: m.same(d)),
    ("else", D7, D20, "condition", 0.1, lambda m, d: m.same(d)),
    (None, D4, D20, "reference", 1, lambda m, d: m.reference()),
    (None, D4, D20, "note", 1, lambda m, d: m.note()),
]


def generate(name, count):
    """The case of that name, with so many instances."""
    maker = Maker(name)
    schema = maker.root() if maker.chance(0.85) else maker.plain()
    instances = maker.values.about(schema, count)
    return Case(DRAFTS[maker.draft], maker.formats, copy.deepcopy(schema), instances)
