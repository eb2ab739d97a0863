"""The configurations of a page of the manual, run as they stand there but for addresses, ports and
paths."""
import os
import re
from pathlib import Path

from harness import SOURCE, Server

DOCUMENTS = [*Path(SOURCE).glob("*.md"), *Path(SOURCE, "docs").rglob("*.md")]
SECRET_FILE = "a secret of the manual that is long enough"


def blocks(page):
    """{heading: {language: [text, ...]}}"""
    found, heading = {}, ""
    with open(os.path.join(SOURCE, "docs", page), encoding="utf-8") as file:
        text = file.read()
    for match in re.finditer(r"^#+ ([^\n]+)$|^```(\w+)\n(.*?)^```$", text, re.M | re.S):
        if match[1]:
            heading = match[1]
        else:
            found.setdefault(heading, {}).setdefault(match[2], []).append(match[3])
    return found


def replace(text, *pairs):
    """Each has to be there: a page that says something else is to fail."""
    for old, new in pairs:
        if old not in text:
            raise AssertionError(f"the page has no {old!r} in\n{text}")
        text = text.replace(old, new)
    return text


class Manual(Server):
    """A server with a route file of the manual, started; @DIR@ in it becomes the server's
    directory."""

    def __init__(self, text, *pairs, listens=1):
        super().__init__([], start=False)
        self.text, self.pairs = text, pairs
        self.settings["server"]["listen"] = [None] * listens
        self.secrets.add(SECRET_FILE)
        for name in ("secret", "deploy"):
            with open(os.path.join(self.directory, name), "w", encoding="ascii") as file:
                file.write(SECRET_FILE + "\n" if name == "secret" else f'#!/bin/sh\ncat '
                           f'>/dev/null\necho "$TENTERHOOK_CLIENT" >>{self.out}/clients\n')
        os.chmod(os.path.join(self.directory, "secret"), 0o600)
        os.chmod(os.path.join(self.directory, "deploy"), 0o755)
        self.write_settings()
        self.start()

    def write_settings(self):
        if not hasattr(self, "text"):
            return super().write_settings()
        text = replace(self.text, ("/var/lib/tenterhook/journal.db}",
                                   f"{self.state}/journal.db, min_free: 1MiB}}"),
                       ("/etc/tenterhook/github.secret", f"{self.directory}/secret"),
                       ("/usr/local/bin/deploy", f"{self.directory}/deploy"), *self.pairs)
        with open(self.file, "w", encoding="utf-8") as file:
            file.write(text.replace("@DIR@", self.directory))
        os.chmod(self.file, 0o600)
        return None
