"""The part of the generator that makes definitions and refers to them.

A schema that applies another to the same value (in place: allOf, if, $ref…) must not come back to
itself: definition n refers in place only to later ones. Below a property or an item it may refer to
all of them, and to the root.
"""
from urllib.parse import quote

from validators import DIALECTS

DRAFTS = ["04", "06", "07", "2019-09", "2020-12"]
D4, D6, D7, D19, D20 = range(5)
ROOT_URI = "https://example.test/schemas/root.json"
KINDS = ["object"] * 4 + ["array"] * 3 + ["string"] * 2 + ["number"] * 2
ROOT = -1


def escape(token):
    """For a JSON pointer."""
    return token.replace("~", "~0").replace("/", "~1")


class References:
    def __init__(self):
        self.floor = 0        # the first definition that may be referred to in place; ROOT: all
        self.resource = ROOT  # what "#" is: the root, or a definition with an $id
        self.definitions = []
        self.dynamic = []     # (resource, name) that $dynamicRef may name
        self.pointers = []    # schemas of members and items of finished definitions
        self.links = {}       # what the references lead to, for fitting instances
        self.tree_place = None  # of the definition that is a tree, see plan_tree

    # ---- plans ----

    def plan(self):
        """What definitions there will be and how they are named, before anything refers to them."""
        rng, draft = self.rng, self.draft
        self.has_id = self.chance(0.4)
        self.holder = "definitions" if draft < D19 or self.chance(0.15) else "$defs"
        self.root_anchor = draft >= D19 and self.chance(0.4)
        for i, name in enumerate(rng.sample(["x", "y/z", "q~", "50%", "é"], rng.randrange(4))):
            own = rng.choice(["d%d.json", "sub/d%d.json", "urn:example:d%d"]) % i \
                if self.has_id and self.chance(0.4) else None
            may = draft >= D19 or not own  # an $id is either a URI or an anchor before 2019-09
            self.definitions.append({
                "name": name, "value": None, "kind": rng.choice(KINDS), "id": own,
                "anchor": "anchor%d" % i if may and self.chance(0.3) else None,
                "dynamic": (draft == D20 or (draft == D19 and own)) and self.chance(0.5)})
        self.plan_tree()
        if draft == D20:
            self.dynamic = [(ROOT, "node")] * self.root_anchor + \
                [(i if d["id"] else ROOT, "node" if d["id"] else "item%d" % i)
                 for i, d in enumerate(self.definitions) if d["dynamic"]]

    def plan_tree(self):
        """Often the last definition is a tree, which the root extends: its children lead back to
        the root, as far as dynamic references have their way."""
        if self.has_id and self.definitions and self.draft >= D19 and self.chance(0.4):
            self.tree_place = len(self.definitions) - 1
            self.root_anchor = self.chance(0.8)
            self.definitions[-1].update(id="tree.json", dynamic=self.chance(0.9), kind="object")

    def grow(self, schema, i):
        """Gives a tree its children."""
        word = "$dynamicRef" if self.draft == D20 else "$recursiveRef"
        anchor = "#node" if self.draft == D20 and self.definitions[i]["dynamic"] else "#"
        child = {word: anchor}
        for target in (i, ROOT):
            self.link(anchor, target)
        if self.chance(0.3):
            child = {self.rng.choice(["items", "additionalProperties", "contains"]): child}
        schema.setdefault("properties", {})[self.name()] = child
        return schema

    # ---- references ----

    def uri(self, resource, fragment):
        """The reference from where we are."""
        if resource == self.resource:
            return fragment or "#"
        here, there = ("root.json" if r == ROOT else self.definitions[r]["id"]
                       for r in (self.resource, resource))
        if "urn:" in there:
            return there + fragment
        if "urn:" in here or self.chance(0.3):
            return ROOT_URI.replace("root.json", there) + fragment
        dots = self.rng.choice(["./", "x/../"]) if self.chance(0.05) else ""
        return dots + ("../" if here.startswith("sub/") else "") + there + fragment

    def link(self, text, target):
        self.links.setdefault(text, []).append(target)
        return text

    def reference(self):
        """{"$ref": …} and the like, or nothing where there is nothing to refer to."""
        ways = [self.to_definition] * 4 + [self.to_meta]
        if self.floor == ROOT:
            ways += [self.to_root, self.to_pointer, self.to_dynamic, self.to_dynamic]
        return self.rng.choice(ways)()

    def to_definition(self):
        choices = range(max(self.floor, 0), len(self.definitions))
        if not choices:
            return {}
        alike = [i for i in choices if self.definitions[i]["kind"] == self.kind]
        i = self.rng.choice(alike or choices)
        definition = self.definitions[i]
        if definition["id"]:
            anchor = "#" + definition["anchor"] if definition["anchor"] and self.chance(0.5) else ""
            text = self.uri(i, anchor)
        elif definition["anchor"] and self.chance(0.5):
            text = self.uri(ROOT, "#" + definition["anchor"])
        else:
            token = quote(escape(definition["name"]), safe="~")
            text = self.uri(ROOT, "#/%s/%s" % (self.holder, token))
        dynamic = self.draft == D20 and self.chance(0.03)  # which leads where $ref would
        return {"$dynamicRef" if dynamic else "$ref": self.link(text, i)}

    def to_root(self):
        return {"$ref": self.link(self.uri(self.resource, "#"), self.resource)}

    def to_meta(self):
        if not self.chance(0.3):
            return {}
        uri = DIALECTS[DRAFTS[self.draft]]
        if self.draft <= D7 and self.chance(0.7):
            uri = uri.rstrip("#") + "#/definitions/" + self.rng.choice(
                ["positiveInteger", "stringArray"] if self.draft == D4 else
                ["nonNegativeInteger", "stringArray", "simpleTypes"])
        return {"$ref": uri}

    def to_pointer(self):
        if not self.pointers:
            return {}
        path, target = self.rng.choice(self.pointers)
        return {"$ref": self.link(self.uri(ROOT, "#" + quote(path, safe="/~$")), target)}

    def to_dynamic(self):
        if self.draft == D19:
            return {"$recursiveRef": self.link("#", self.resource)}
        if not self.dynamic:
            return {}
        here = [anchor for anchor in self.dynamic if anchor[0] == self.resource]
        resource, name = self.rng.choice(here if here and self.chance(0.95) else self.dynamic)
        word = "$dynamicRef" if self.chance(0.9) else "$ref"
        return {word: self.link(self.uri(resource, "#" + name), resource)}

    # ---- definitions ----

    def define(self, i):
        definition = self.definitions[i]
        self.floor, self.resource = i + 1, i if definition["id"] else ROOT
        schema = self.schema(2, definition["kind"])
        if definition["id"] or definition["anchor"] or definition["dynamic"]:
            schema = self.identify(schema, definition)
        if i == self.tree_place:
            schema = self.grow(schema, i)
        definition["value"] = schema
        if not definition["id"] and isinstance(schema, dict) and \
                ("$ref" not in schema or self.draft >= D19):
            self.keep_pointers("/%s/%s" % (self.holder, escape(definition["name"])), schema)

    def keep_pointers(self, path, schema):
        """To the schemas of members and items."""
        for word in ("properties", "patternProperties", "items", "prefixItems"):
            held = schema.get(word, {})
            if word == "items" and not isinstance(held, list):
                held = {}
            for key, child in enumerate(held) if isinstance(held, list) else held.items():
                self.pointers.append(("%s/%s/%s" % (path, word, escape(str(key))), child))

    def identify(self, schema, definition):
        if not isinstance(schema, dict) or (self.draft <= D7 and "$ref" in schema):
            schema = {"allOf": [schema]}
        word = "id" if self.draft == D4 else "$id"
        if definition["id"]:
            schema[word] = definition["id"]
        if definition["anchor"] and self.draft >= D19:
            schema["$anchor"] = definition["anchor"]
        elif definition["anchor"]:
            schema[word] = "#" + definition["anchor"]
        if definition["dynamic"] and self.draft == D20:
            schema["$dynamicAnchor"] = "node" if definition["id"] else \
                "item%d" % self.definitions.index(definition)
        elif definition["dynamic"]:
            schema["$recursiveAnchor"] = True
        return schema
