"""Known faults of the other validators: when a difference is theirs. Each has a reason and an
example that differential checks on every run: it must go wrong there still, and be right here.

How a fault shows (`how`) is one of three: what the validator itself says (a pattern over its
message, or DIED); that we answer alike once we read the pair as JavaScript does (READ); or a
function that looks at the pair once it has been shrunk to what makes the difference, where the
third validator must be with us.
"""
import collections
import math
import re

from instances import exact, is_number
from validators import DIED, INVALID, REFUSED, VALID, Number

Fault = collections.namedtuple("Fault", "peer reason example how")


# ---- what a shrunk pair is made of ----

def children(value):
    return value.values() if isinstance(value, dict) else \
        value if isinstance(value, list) else ()


def parts(value):
    """The value and all values in it."""
    yield value
    for part in children(value):
        yield from parts(part)


def nodes(schema):
    return [part for part in parts(schema) if isinstance(part, dict)]


def words(value):
    """The names of all members, keywords or not."""
    return set().union(*nodes(value))


def values_of(schema, word):
    return [node[word] for node in nodes(schema) if word in node]


def texts(case):
    """All strings of the instance, names too."""
    return [part for part in parts(case.instances) if isinstance(part, str)] + \
        list(words(case.instances))


def numbers(value):
    return [exact(part) for part in parts(value) if is_number(part)]


# ---- how faults show ----

def format_of(names, pattern):
    """One of the formats, and a text in which the pattern is found."""
    def shows(case, *_):
        formats = [name for name in values_of(case.schema, "format") if isinstance(name, str)]
        if any("json-schema.org" in str(uri) for uri in values_of(case.schema, "$ref")):
            formats += ["uri", "uri-reference", "regex"]  # which the meta-schemas have
        return case.formats and set(formats) & set(names.split()) and \
            any(re.search(pattern, text) for text in texts(case))
    return shows


def pattern_of(part, text_part):
    """A regular expression in which `part` is found, and a text in which `text_part` is."""
    def shows(case, *_):
        patterns = [str(pattern) for pattern in values_of(case.schema, "pattern")]
        patterns += words(values_of(case.schema, "patternProperties"))
        return any(re.search(part, pattern) for pattern in patterns) and \
            any(re.search(text_part, text) for text in texts(case))
    return shows


def has(*names):
    """All of the names stand in the schema; those with a bar, one of them."""
    return lambda case, *_: all(words(case.schema) & set(name.split("|")) for name in names)


def double(number):
    """The double nearest to a fraction."""
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def javascript_divides(number, divisor):
    """As ajv does it: the quotient of two doubles, and parseInt of how that is written."""
    quotient = double(number) / double(divisor)
    return quotient.is_integer() and abs(quotient) < 1e21


def divides_otherwise(case, *_):
    return any(javascript_divides(number, divisor) != (number % divisor == 0)
               for divisor in numbers(values_of(case.schema, "multipleOf")) if double(divisor)
               for number in numbers(case.instances))


def contains_in_empty(case, *_):
    return "contains" in words(case.schema) and [] in parts(case.instances)


def has_exponent(case, *_):
    return any(isinstance(part, Number) and "e" in part.text.lower()
               for part in parts([case.schema, case.instances]))


def type_beside_ref(case, *_):
    return case.draft <= "07" and \
        any(node.keys() >= {"$ref", "type"} for node in nodes(case.schema))


def later_keyword(case, *_):
    later = {"04": {"const", "contains", "propertyNames", "if"}, "06": {"if"}}
    return words(case.schema) & later.get(case.draft, set())


def requires_empty(case, *_):
    lists = [part for word in ("required", "dependencies", "dependentRequired")
             for part in parts(values_of(case.schema, word)) if isinstance(part, list)]
    return any("" in part for part in lists)


def names_of_javascript(case, *_):
    everything = [case.schema, case.instances]
    names = words(everything) | {part for part in parts(everything) if isinstance(part, str)}
    return names & {"__proto__", "constructor", "toString"}


def as_javascript(value):
    """The value as JSON.parse reads it: numbers are doubles, and 1.0 is 1."""
    if is_number(value):
        near = double(exact(value))
        if math.isinf(near):
            return Number("1e999" if near > 0 else "-1e999")
        return int(near) if near.is_integer() else near
    if isinstance(value, list):
        return list(map(as_javascript, value))
    if isinstance(value, dict):
        return {name: as_javascript(item) for name, item in value.items()}
    return value


# ---- the list; an example is: draft, formats asserted, schema, instance, the right answer ----

READ = Fault("ajv", "JSON.parse rounds numbers to doubles, and does not tell 1.0 from 1 (draft 04)",
             ("2020-12", False, {"const": 2**53}, 2**53 + 1, INVALID), None)

UNEVALUATED = "unevaluatedItems|unevaluatedProperties"
AJV = [
    ("knows $dynamicRef only with a plain fragment",
     ("2020-12", False, {"$defs": {"x": {"$id": "x", "$dynamicAnchor": "y", "type": "null"}},
                         "$dynamicRef": "x#y"}, 1, INVALID),
     "only supports hash fragment reference"),
    ("recurses without end where $dynamicRef leads elsewhere than to a dynamic anchor",
     ("2020-12", False, {"$defs": {"x": {"type": "null"}}, "$dynamicRef": "#/$defs/x"}, 1, INVALID),
     "Maximum call stack"),
    ("forgets what stands beside $dynamicRef, or what it leads to",
     ("2020-12", False, {"$dynamicAnchor": "x",
                         "properties": {"a": {"$dynamicRef": "#x", "enum": [0]}}},
      {"a": 1}, INVALID), has("$dynamicRef")),
    ("forgets what stands beside $recursiveRef",
     ("2019-09", False, {"properties": {"a": {"$recursiveRef": "#", "enum": [0]}}},
      {"a": 1}, INVALID), has("$recursiveRef")),
    ("loses the variable that keeps what was evaluated",
     ("2020-12", False, {"patternProperties": {"b": {}},
                         "anyOf": [{"properties": {"a": {}}, "const": 1}, {}]}, {"b": 1}, VALID),
     r"^(props|items)\d+ is not defined|^Cannot set properties of undefined"),
    ("does not count as evaluated what `if` looked at where `then` has nothing to say",
     ("2020-12", False, {"unevaluatedItems": False, "if": {"items": True}}, [1], VALID),
     has(UNEVALUATED, "if")),
    ("counts as evaluated what a branch that failed looked at",
     ("2020-12", False, {"unevaluatedItems": False, "anyOf": [True, {"unevaluatedItems": False}]},
      [1], INVALID), has(UNEVALUATED, "anyOf|oneOf|not|dependentSchemas")),
    ("counts all items or none as evaluated by `contains`, and in 2019-09 too, where it is silent",
     ("2019-09", False, {"contains": {"type": "null"}, "unevaluatedItems": False}, [None], INVALID),
     has("contains", "unevaluatedItems")),
    ("does not reset the verdict of `contains`: empty arrays pass beside a tuple or after others",
     ("2020-12", False, {"prefixItems": [{"type": "null"}], "contains": {}}, [], INVALID),
     contains_in_empty),
    ("does not find a $dynamicAnchor from a $ref",
     ("2020-12", False, {"$dynamicAnchor": "x", "properties": {"a": {"$ref": "#x"}}}, 1, VALID),
     "^can't resolve reference"),
    ("divides doubles: multipleOf is wrong for decimals and for large quotients",
     ("2020-12", False, {"multipleOf": 0.0001}, 12.0001, VALID), divides_otherwise),
    ("looks at `type` beside $ref, which hid it up to draft 07",
     ("07", False, {"definitions": {"x": {}},
                    "allOf": [{"$ref": "#/definitions/x", "type": "null"}]}, 1, VALID),
     type_beside_ref),
    ("takes the name \"\" for none where it is required",
     ("2020-12", False, {"required": [""]}, {}, INVALID), requires_empty),
    ("has one class for drafts 06 and 07, and in 04 the keywords of later drafts",
     ("04", False, {"const": 1}, 2, VALID), later_keyword),
    ("reads $id in unknown keywords",
     ("07", False, {"definitions": {"x": {"x-note": {"$id": "urn:x"}}},
                    "x-note": {"$id": "urn:x"}}, 1, VALID), "resolves to more than one schema"),
    ("finds the members that every JavaScript object inherits, and overlooks __proto__",
     ("2020-12", False, {"required": ["constructor"]}, {}, INVALID), names_of_javascript),
    ("calls the member toString of a value that it compares",
     ("07", False, {"enum": [{"toString": 1}]}, {"toString": 2}, INVALID),
     "toString is not a function"),
    ("asserts no idn-hostname, idn-email, iri and iri-reference",
     ("2020-12", True, {"format": "idn-hostname"}, " ", INVALID),
     format_of("idn-hostname idn-email iri iri-reference", "")),
    ("email: wants a dot in the domain, knows no quotes and no address literals",
     ("2020-12", True, {"format": "email"}, "a@[127.0.0.1]", VALID),
     format_of("email", r"[\"\[]|@[^.]+$")),
    ("hostname: takes a dot at the end, and every A-label",
     ("2020-12", True, {"format": "hostname"}, "a.", INVALID),
     format_of("hostname", r"\.$|(?i:xn--)")),
    ("uri: wants something behind the scheme",
     ("2020-12", True, {"format": "uri"}, "a:", VALID), format_of("uri", "^[^:]+:(#|$)")),
    ("uri: takes ports that are no numbers, hosts with two colons, and brackets anywhere",
     ("2020-12", True, {"format": "uri"}, "a://b:c", INVALID),
     format_of("uri", r"^[^:]+://[^/]*:|[\[\]]")),
    ("uri-reference: takes a colon in the first segment of a relative path, and a quotation mark",
     ("2020-12", True, {"format": "uri-reference"}, "1:a", INVALID),
     format_of("uri-reference", "^[^/?#]*:|\"")),
    ("uri-template: takes DEL",
     ("2020-12", True, {"format": "uri-template"}, "\x7f", INVALID),
     format_of("uri-template", "\x7f")),
    ("date-time: takes any white space for the T",
     ("2020-12", True, {"format": "date-time"}, "2026-11-24 03:15:24Z", INVALID),
     format_of("date-time", r"^\S+\s")),
    ("time: takes an offset without its colon",
     ("2020-12", True, {"format": "time"}, "03:15:24+0100", INVALID),
     format_of("time", r"[+-]\d\d(\d\d)?$")),
    ("duration: takes one that leaves out a unit in the middle",
     ("2020-12", True, {"format": "duration"}, "P1Y1D", INVALID),
     format_of("duration", r"Y\d+D|H\d+S")),
    ("regex: takes what only annex B of ECMA-262 has, such as escapes of any letter",
     ("2020-12", True, {"format": "regex"}, "\\a", INVALID),
     format_of("regex", r"\\[a-zA-Z0-9]")),
    ("regex: takes the halves of characters in a class for characters",
     ("2020-12", True, {"format": "regex"}, "[\U0001f600-\U0001f602]", VALID),
     format_of("regex", "\\[.*[\U00010000-\U0010ffff]")),
]
SOURCEMETA = [
    ("crashes while it compiles unevaluated* beside a recursion through contains",
     ("2020-12", False, {"contains": {"$ref": ""}, "unevaluatedProperties": {}}, 1, VALID), DIED),
    ("does not know a character that is written as two escapes, \\ud83d\\ude00",
     ("2020-12", False, {"pattern": "^\\ud83d\\ude00$"}, "\U0001f600", VALID),
     r"Invalid regular expression\n.*\\u[dD][89abAB]"),
    ("does not know the property Assigned of Unicode",
     ("2020-12", False, {"pattern": r"\p{Assigned}"}, "a", VALID),
     r"Invalid regular expression\n.*\\[pP]\{Assigned\}"),
    ("applies additionalItems beside items: true, where there is nothing additional",
     ("06", False, {"items": True, "additionalItems": False}, [1], VALID),
     has("items", "additionalItems")),
    ("applies `dependencies` after draft 07, but not the references in it",
     ("2020-12", False, {"$defs": {"x/y": {}}, "dependencies": {"a": {"$ref": "#/$defs/x~1y"}}},
      1, VALID), r'(Could not resolve schema|The target of the) reference(.|\n)*/dependencies/'),
    ("applies `dependencies` after draft 07, but does not count what it evaluated",
     ("2020-12", False, {"dependencies": {"a": {"properties": {"a": True}}},
                         "unevaluatedProperties": False}, {"a": 1}, VALID),
     has("dependencies", UNEVALUATED)),
    ("reads numbers with an exponent less exactly than others",
     ("2020-12", False, {"minimum": Number("30e-2")}, 0.3, VALID), has_exponent),
    ("does not apply $dynamicRef to the names of members",
     ("2020-12", False, {"$id": "urn:x", "$dynamicAnchor": "x", "type": ["object", "null"],
                         "propertyNames": {"$dynamicRef": "#x"}}, {"a": 1}, INVALID),
     has("propertyNames", "$dynamicRef")),
    ("gives up over a reference to its own document below propertyNames",
     ("06", False, {"propertyNames": {"items": {"$ref": "#"}}}, {}, VALID),
     "unexpected error: map::at"),
    ("counts as evaluated what was evaluated inside of an item that `contains` looked at",
     ("2019-09", False, {"contains": {"unevaluatedItems": {}}, "unevaluatedItems": False},
      [[]], INVALID), has("contains", UNEVALUATED)),
    ("does not count as evaluated what `if` looked at, if that says unevaluatedItems",
     ("2020-12", False, {"unevaluatedItems": False, "then": True,
                         "if": {"items": True, "unevaluatedItems": True}}, [1], VALID),
     has("if", UNEVALUATED)),
    ("uri-template: refuses the operators that RFC 6570 reserves, which its grammar has",
     ("2020-12", True, {"format": "uri-template"}, "{=a}", VALID),
     format_of("uri-template", r"\{[=,!@|]")),
    ("pattern: the dot takes the ends of lines",
     ("2020-12", False, {"pattern": "."}, "\u2028", INVALID),
     pattern_of(r"\.", "[\n\r\u2028\u2029]")),
    (r"pattern: \v takes all vertical white space",
     ("2020-12", False, {"pattern": r"\v"}, "\n", INVALID),
     pattern_of(r"\\v", "[\n\r\f\u2028\u2029]")),
    (r"pattern: \W in a class is Unicode's, not that of ECMA-262",
     ("2020-12", False, {"pattern": r"^[\W]$"}, "é", VALID),
     pattern_of(r"\[[^]]*\\W", "[^\0-\x7f]")),
    ("hostname: does not hold A-labels to the rules for text from right to left (RFC 5893)",
     ("2020-12", True, {"format": "hostname"}, "xn--wgb1h", INVALID),
     format_of("hostname idn-hostname idn-email", "(?i:xn--)|[^\0-\x7f]")),
    ("idn-email: takes labels that IDNA disallows, such as with capital letters",
     ("2020-12", True, {"format": "idn-email"}, "a@Zé.b", INVALID),
     format_of("idn-email", "@.*[^\0-\x7f]")),
    ("regex: takes a range that ends before it begins",
     ("2020-12", True, {"format": "regex"}, "[a--z]", INVALID),
     format_of("regex", r"\[.*-")),
    ("regex: refuses what annex B of ECMA-262 has, lone brackets and escaped punctuation; people "
     "write it, so we take it (regex.c)",
     ("2020-12", True, {"format": "regex"}, "}", VALID),
     format_of("regex", r"[{}\]]|\\[^a-zA-Z0-9]|\[.*-")),
]
FAULTS = [READ] + [Fault("ajv", *row) for row in AJV] + \
    [Fault("sourcemeta", *row) for row in SOURCEMETA]
