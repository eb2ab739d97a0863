#!/usr/bin/env python3
"""Writes the seeds of the targets about schemas: schema_seeds.py [CORPUS], and schema.dict.

Each keyword of each draft is in some seed, with values that fit it and the values of instances that
it tells apart; the hand-written ones hold what only a whole makes interesting (cycles, anchors,
dialects inside of others). An input is an option byte (draft, 8: formats asserted, 16: unchecked),
a schema, and behind a NUL the instance, or the document that references lead to. The same numbers
are drawn every time.
"""
import json
import pathlib
import random
import sys

HERE = pathlib.Path(__file__).resolve().parent
DRAFTS = {4: 1, 6: 2, 7: 3, 2019: 4, 2020: 5}
DIALECTS = {4: "http://json-schema.org/draft-04/schema#",
            6: "http://json-schema.org/draft-06/schema#",
            7: "http://json-schema.org/draft-07/schema#",
            2019: "https://json-schema.org/draft/2019-09/schema",
            2020: "https://json-schema.org/draft/2020-12/schema"}
FORMATS = {
    "date": "2024-02-29", "time": "23:59:60Z", "date-time": "1990-12-31T15:59:60.123-08:00",
    "duration": "P4DT12H30M5S", "email": '"joe bloggs"@[IPv6:::1]', "idn-email": "실례@실례.테스트",
    "hostname": "xn--ihqwcrb4cv8a8dqg056pqjye", "idn-hostname": "l·l。アイウ・エ", "ipv4": "127.0.0.1",
    "ipv6": "1::d6:192.168.0.1", "uri": "ldap://u:p%40@[2001:db8::7]:80/c=GB?x#y",
    "uri-reference": "//a/%41", "iri": "http://ƒøø.ßår/?∂éœ=πîx#π", "iri-reference": "âππ",
    "uri-template": "http://a/{+term:1}/{x,y*}{&z}", "uuid": "2EB8AA08-AA98-11EA-B4AA-73B441D16380",
    "json-pointer": "/foo~1bar~0/0", "relative-json-pointer": "1/a",
    "regex": r"^(?<x>\p{L}|[^\w-])+?\k<x>$",}
PATTERNS = ["^a*$", r"^\d{3}-\w+$", r"\p{Script=Greek}+", "^x-", "(a+)+$", r"\u{1F600}|[\s\S]\cA",
            ".*", "^abc$", r"(?<=a)b(?!c)", r"(a)\1*?[^\d-z]{2,3}"]
SCALARS = [None, True, False, 0, 1, -1, 1.5, 12, "", "a", "aaa", "x-y", "\U0001f600", 10**20, 1e300,
           0.0075]
SPELLED = ["1.0", "-0", "1e400", "18446744073709551616", "0.1e-30", "9007199254740993"]


class Maker:
    def __init__(self, draft, seed):
        self.draft, self.random = draft, random.Random(f"{draft}-{seed}")

    def pick(self, items):
        return self.random.choice(items)

    def value(self, depth=0):
        kind = self.random.randrange(10 if depth < 3 else 6)
        if kind < 6:
            return self.pick(SCALARS + list(FORMATS.values()))
        if kind < 8:
            return [self.value(depth + 1) for _ in range(self.random.randrange(4))]
        return {self.pick("a b c x-y aaa".split()): self.value(depth + 1)
                for _ in range(self.random.randrange(4))}

    def schema(self, depth=0):
        if depth > 2 or self.random.random() < 0.1:
            return {} if self.draft == 4 else self.pick([True, False, {}])
        keywords = [k for k, since in KEYWORDS.items() if since[0] <= self.draft <= since[1]]
        return {k: KEYWORDS[k][2](self, depth + 1)
                for k in self.random.sample(keywords, self.random.randrange(1, 4))}

    def schemas(self, depth):
        return [self.schema(depth) for _ in range(self.random.randrange(1, 4))]

    def map(self, depth, names=("a", "b", "x-y", "aaa")):
        return {name: self.schema(depth) for name in self.random.sample(list(names), 2)}


def number(m, _):
    return m.pick([0, 1, 2, -1, 1.5, 12.0])


def count(m, _):
    return m.pick([0, 1, 2, 3])


def names(m, _):
    return m.random.sample(["a", "b", "x-y"], m.random.randrange(1, 3))


def types(m, _):
    all_types = ["null", "boolean", "object", "array", "number", "string", "integer"]
    return m.pick(all_types) if m.random.random() < 0.7 else m.random.sample(all_types, 2)


def one(m, depth):
    return m.schema(depth)


def many(m, depth):
    return m.schemas(depth)


def mapped(m, depth):
    return m.map(depth)


def items(m, depth):
    return m.schema(depth) if m.draft == 2020 or m.random.random() < 0.5 else m.schemas(depth)


def exclusive(m, depth):
    return m.pick([True, False]) if m.draft == 4 else number(m, depth)


def reference(m, _):
    return m.pick(["#", "#/definitions/a", "#/properties/a", "other"])


# keyword: first draft, last draft, value
KEYWORDS = {"type": (4, 2020, types), "enum": (4, 2020, lambda m, d: [m.value(), m.value(1), "a"]),
            "const": (6, 2020, lambda m, d: m.value()),
            "multipleOf": (4, 2020, lambda m, d: m.pick([1, 2, 0.01, 1e-8, 3.5])),
            "minimum": (4, 2020, number), "maximum": (4, 2020, number),
            "exclusiveMinimum": (4, 2020, exclusive),
            "exclusiveMaximum": (4, 2020, exclusive), "minLength": (4, 2020, count),
            "maxLength": (4, 2020, count), "pattern": (4, 2020, lambda m, d: m.pick(PATTERNS)),
            "format": (4, 2020, lambda m, d: m.pick(list(FORMATS))), "items": (4, 2020, items),
            "additionalItems": (4, 2019, one), "prefixItems": (2020, 2020, many),
            "minItems": (4, 2020, count), "maxItems": (4, 2020, count),
            "uniqueItems": (4, 2020, lambda m, d: m.pick([True, True, False])),
            "contains": (6, 2020, one), "minContains": (2019, 2020, count),
            "maxContains": (2019, 2020, count), "properties": (4, 2020, mapped),
            "patternProperties": (4, 2020, lambda m, d: m.map(d, PATTERNS)),
            "additionalProperties": (4, 2020, one), "propertyNames": (6, 2020, one),
            "required": (4, 2020, names),
            "minProperties": (4, 2020, count), "maxProperties": (4, 2020, count),
            "dependencies": (4, 2020, lambda m, d: {"a": m.schema(d), "b": ["a"]}),
            "dependentRequired": (2019, 2020, lambda m, d: {"a": names(m, d)}),
            "dependentSchemas": (2019, 2020, mapped), "allOf": (4, 2020, many),
            "anyOf": (4, 2020, many), "oneOf": (4, 2020, many), "not": (4, 2020, one),
            "if": (7, 2020, one), "then": (7, 2020, one), "else": (7, 2020, one),
            "$ref": (4, 2020, reference), "definitions": (4, 2020, lambda m, d: {"a": m.schema(d)}),
            "$defs": (2019, 2020, lambda m, d: {"a": m.schema(d)}),
            "unevaluatedItems": (2019, 2020, one), "unevaluatedProperties": (2019, 2020, one),
            "contentEncoding": (7, 2020, lambda m, d: "base64"),
            "contentMediaType": (7, 2020, lambda m, d: "application/json"),
            "contentSchema": (2019, 2020, one),}

TREE_2020 = {"$id": "tree", "$dynamicAnchor": "node", "type": "object",
             "properties": {"children": {"items": {"$dynamicRef": "#node"}}}}
WHOLE = [  # draft, schema, what stands behind it
    (2020,
     {"$id": "strict", "$dynamicAnchor": "node", "$ref": "tree", "unevaluatedProperties": False,
            "$defs": {"tree": TREE_2020}}, {"children": [{"children": [{"x": 1}]}]}),
    (2019, {"$id": "http://a/t", "$recursiveAnchor": True, "anyOf": [{"type": "integer"}, {
        "additionalProperties": {"$recursiveRef": "#"}}]}, {"a": {"b": 1}}),
    (2020,
     {"allOf": [{"$ref": "#/$defs/a"}], "$defs": {"a": {"allOf": [{"$ref": "#/$defs/b"}]}, "b": {
        "anyOf": [{"$ref": "#/$defs/a"}]}}}, 1),
    (7, {"$ref": "#"}, {}),
    (2020, {"$schema": "other"}, {"$id": "other", "$schema": DIALECTS[2020], "$vocabulary": {
        "https://json-schema.org/draft/2020-12/vocab/core": True}}),
    (2020, {"$defs": {"a": {"$id": "four", "$schema": DIALECTS[4], "maximum": 1,
                            "exclusiveMaximum": True}},
            "$ref": "four"}, 1),
    (7, {"oneOf": [{"properties": {"k": {"const": c}}, "required": ["k", c]} for c in "abcd"]},
     {"k": "b", "b": 1}),
    (4, {"id": "http://x/", "definitions": {"a": {"id": "#foo", "type": "integer"}},
         "items": {"$ref": "#foo"}}, [1, 1.0]),
    (2020, {"$anchor": "here", "items": {"$ref": "#here"}, "maxItems": 2}, [[[], []], [1, 2, 3]]),
    (2020, {"if": {"properties": {"a": {"const": 1}}, "required": ["a"]},
            "then": {"properties": {"b": True}},
            "else": {"patternProperties": {"^c": True}}, "unevaluatedProperties": False}, {"a": 1,
                                                                                           "b": 2}),
    (2020, {"prefixItems": [True], "contains": {"type": "string"},
            "unevaluatedItems": {"type": "null"}}, [1, "a", None]),
    (2020, {"uniqueItems": True}, [[i % 7, {"a": i}, i * 1.5] for i in range(12)]),
    (7, {"properties": {"foo~/%\"": {"type": "integer"}},
         "items": {"$ref": "#/properties/foo~0~1%25%22"}}, [1, "a"]),
    # once found: a document for two URIs, a meta-schema of itself, sentences cut within a character
    (7, {"$ref": "other#/definitions/a"}, {"definitions": {"a": {"$ref": "x#"}}}),
    (2020, {"$schema": ""}, 1),
    (7, {"const": "é" * 150}, 1), (7, {"pattern": "aé" * 150}, "x"),
    (7, {"required": ["aé" * 60]}, {}),
    (2020, {"$ref": DIALECTS[2020]}, {"type": "objekt"}),
    (4, {"$ref": DIALECTS[4]}, {"minItems": -1}),
]


def option(draft, formats=False, unchecked=False):
    return bytes([DRAFTS[draft] | 8 * formats | 16 * unchecked | 32])


def dumps(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def seeds():
    for index, (draft, schema, behind) in enumerate(WHOLE):
        yield f"whole-{index:02}", option(draft) + dumps(schema) + b"\0" + dumps(behind)
    for name, text in FORMATS.items():
        yield f"format-{name}", option(2020, True) + dumps({"format": name}) + b"\0" + dumps(text)
    for index, pattern in enumerate(PATTERNS):
        yield (f"pattern-{index}",
               option(7) + dumps({"pattern": pattern}) + b"\0" + dumps("aaab-x\U0001f600\x01"))
    for index, text in enumerate(SPELLED):
        schema = {"type": "integer", "minimum": 1, "maximum": 2e19, "multipleOf": 1e-8,
                  "enum": [1, 10**20, 0.5]}
        yield f"number-{index}", option(6) + dumps(schema) + b"\0" + text.encode()
    for draft in DRAFTS:
        for seed in range(12):
            maker = Maker(draft, seed)
            schema = maker.schema()
            if isinstance(schema, dict) and seed % 3 == 0:
                schema["$schema"] = DIALECTS[draft]
            yield (f"random-{draft}-{seed:02}", option(draft, seed % 2, seed % 5 == 4)
                   + dumps(schema) + b"\0" + dumps(maker.value()))


def dictionary():
    words = [*KEYWORDS, "$id", "id", "$anchor", "$dynamicAnchor", "$dynamicRef", "$recursiveAnchor",
             "$recursiveRef", "$schema", "$vocabulary", *FORMATS, *DIALECTS.values()]
    quoted = ['\\"%s\\"' % word.replace("\\", "\\\\") for word in words]
    plain = [p.replace("\\", "\\\\").replace('"', '\\"')
             for p in PATTERNS] + SPELLED + ["\\x00", "true", "false"]
    return "".join('"%s"\n' % word for word in quoted + plain)


def main():
    corpora = ([pathlib.Path(a) for a in sys.argv[1:]]
               or [HERE / "corpus" / n for n in ("schema_compile", "schema_evaluate")])
    for corpus in corpora:
        corpus.mkdir(parents=True, exist_ok=True)
        for name, data in seeds():
            (corpus / name).write_bytes(data)
    (HERE / "schema.dict").write_text(dictionary())


main()
