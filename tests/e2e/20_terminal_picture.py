"""The picture in docs/terminal.svg is what scripts/terminal-picture makes: what is written, in its
colours, but for times, ids and numbers."""
import html
import os
import re
import subprocess
import tempfile

from harness import PATIENCE, PROGRAM, SOURCE, ensure, expect


def read(path):
    """[[colour, words]]: what is written in one colour is one, over the ends of lines."""
    with open(path, encoding="utf-8") as file:
        text = file.read()
    runs = []
    for colour, words in re.findall(r'fill="([^"]*)"[^>]*>([^<]+)</tspan>', text):
        if runs and runs[-1][0] == colour:
            runs[-1][1] += " " + words
        else:
            runs.append([colour, words])
    return [(colour, plain(html.unescape(words))) for colour, words in runs]


def plain(words):
    words = re.sub(r"[0-9a-f]{8}-[0-9a-f-]+|\b[0-9a-f]{16}…", "ID", words)
    words = re.sub(r"\bnow\b|\d+ ?s ago", "AGO", words)
    words = re.sub(r"[\d.:TZ-]*\d[\d.:TZ-]*( ([KMG]i)?B\b)?", "N", words)
    return " ".join(words.split())


with tempfile.TemporaryDirectory() as directory:
    path = os.path.join(directory, "again.svg")
    subprocess.run([f"{SOURCE}/scripts/terminal-picture", PROGRAM, path], check=True,
                   timeout=120 * PATIENCE)
    made = read(path)
expect(made, read(f"{SOURCE}/docs/terminal.svg"), "the picture; make it again")
written = " ".join(words for _, words in made)
for promised in ("^~~~~", "did you mean", "events list", "needs attention", "dead", "done"):
    ensure(promised in written, f"{promised} is not in the picture")
