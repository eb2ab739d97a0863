#!/usr/bin/env python3
"""The webhook program (Debian's) beside ours with one hook that passes the whole payload: the same
XML is the same payload. beside_xml.py PROGRAM [SEED DOCUMENTS].

Where both are known to differ nothing is made: text beside elements or in several pieces,
attributes that differ in their prefixes alone, documents that are refused here.
"""
import json
import pathlib
import random
import shutil
import sys
from xml.sax.saxutils import escape, quoteattr

from beside import Webhook, settled
from served import Served

NAMES = ["a", "b", "item", "x-y", "p:a", "q:item", "né"]
TEXTS = ["", "x", " padded\n", "1.50", "a <b> & c", "ä 😀", "two  words", "true"]
HOOK = {"id": "h", "execute-command": "@HELPER@", "pass-arguments-to-command": [
    {"source": "url", "name": "n"}, {"source": "entire-payload"},
    {"source": "payload", "name": "r.item.0.-a"}, {"source": "payload", "name": "r.a.#text"}]}


def text_of(chance):
    text = chance.choice(TEXTS)
    return f"<![CDATA[{text}]]>" if chance.random() < 0.2 and text.strip() else escape(text)


def attributes(chance):
    names = chance.sample(["a", "b", "p:c", "xmlns:p", "xmlns"], chance.choice([0, 0, 0, 1, 2, 3]))
    return "".join(f" {name}={quoteattr(chance.choice(TEXTS).strip() or 'v')}" for name in names)


def element(chance, name, depth):
    inside = text_of(chance)
    if depth < 3 and chance.random() < 0.7:
        space = chance.choice(["", "\n  "])
        inside = space + space.join(element(chance, chance.choice(NAMES), depth + 1)
                                    for _ in range(chance.randint(1, 4))) + space
    return f"<{name}{attributes(chance)}>{inside}</{name}>"


def document(chance):
    head = chance.choice(["", '<?xml version="1.0"?>', "<!-- a comment -->"])
    return head + element(chance, "r", 0)


def main():
    if not shutil.which("webhook"):
        print("skipped: webhook is not installed")
        return 77
    program = str(pathlib.Path(sys.argv[1]).resolve())
    chance = random.Random(int(sys.argv[2]) if len(sys.argv) > 2 else 1)
    documents = [document(chance) for _ in range(int(sys.argv[3]) if len(sys.argv) > 3 else 300)]
    with Served(program, [HOOK], []) as served:
        served.start()
        other = Webhook(served)
        try:
            for number, text in enumerate(documents):
                for one in (served, other):
                    one.ask("POST", f"/hooks/h?n={number}", [("Content-Type", "text/xml")],
                            text.encode())
            theirs = {run["argv"][0]: run["argv"][1:] for run in settled(other)}
            ours = {run["argv"][0]: run["argv"][1:] for run in served.runs(len(theirs))}
        finally:
            other.stop()
    failed = 0
    for number, text in enumerate(documents):
        here, there = ours.get(str(number)), theirs.get(str(number))
        if here and there:
            here, there = ([json.loads(run[0]), *run[1:]] for run in (here, there))
        if here != there or not here:
            failed += 1
            print(f"not ok - {text!r}: {here}, there {there}")
    print(f"beside_xml: {len(documents) - failed} passed, {failed} failed, 0 skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
