"""Modes of Kubernetes and Docker are taken on their read-only mounts; writable they are not."""
import os

from disk import read_only
from harness import PROGRAM, Server, ensure, expect, run_program

ROUTES = """version: 1
server:
  listen: {address: "127.0.0.1:0", tls: {certificate: tls.crt, key: tls.key}}
journal: {path: /tmp/no-such-journal.db, min_free: 16MiB}
include: more.yaml
defaults: {provider: github, actions: [{command: [./hook.sh]}]}
routes: [{name: a, path: /a, secret: [{file: secret}, {file: secrets}]}]
"""

with Server([], start=False) as server:
    tree = server.make_directory("tree")
    for directory in ("", "..data", "secrets"):
        os.makedirs(os.path.join(tree, directory), exist_ok=True)
        os.chmod(os.path.join(tree, directory), 0o777)
    files = {"secret": ("a secret that is long enough", 0o444), "tenterhook.yaml": (ROUTES, 0o666),
             "more.yaml": ("", 0o666), "hook.sh": ("#!/bin/sh\n", 0o777),
             "tls.crt": (open(server.certificate).read(), 0o644),
             "tls.key": (open(server.key).read(), 0o444)}
    for name, (text, mode) in files.items():
        os.chmod(server.write(os.path.join(tree, "..data", name), text), mode)
        os.symlink("..data/" + name, os.path.join(tree, name))
    os.symlink("../..data/secret", os.path.join(tree, "secrets", "secret"))
    said = read_only(tree, PROGRAM, "check", "-c", f"{tree}/tenterhook.yaml")
    counts = [said.stderr.count(words) for words in ("warning:", "by every user")]
    expect((said.returncode, counts), (0, [3, 3]), said.stderr)
    said = run_program("check", "-c", f"{tree}/tenterhook.yaml")
    ensure("can be written by every user" in said.stderr and said.returncode == 1, said.stderr)
