"""Modes of Kubernetes and Docker are taken on read-only mounts; writable they are not."""
import os
import shutil
import subprocess

from harness import PROGRAM, Server, ensure, expect, skip

UNSHARE = ["unshare", "--mount", *([] if os.geteuid() == 0 else ["--map-root-user"]), "sh", "-c"]
MOUNT = 'mount --bind "$1" "$1" && mount -o remount,bind,ro "$1"'
ROUTES = """version: 1
server:
  listen: {address: "127.0.0.1:0", tls: {certificate: tls.crt, key: tls.key}}
journal: {min_free: 16MiB}
include: more.yaml
routes:
  - {name: a, path: /a, provider: github, secret: [{file: secret}, {file: secrets}], actions: [{command: [./hook.sh]}]}
"""

def check(*wrapper):
    command = [*wrapper, tree, PROGRAM] if wrapper else [PROGRAM, "check", "-c", tree + "/tenterhook.yaml"]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)

with Server([], start=False) as server, open(server.certificate) as certificate, open(server.key) as key:
    tree = server.make_directory("tree")
    if not shutil.which("unshare") or check(*UNSHARE, MOUNT, "sh").returncode:
        skip("nothing can be mounted here")
    for directory in ("", "..data", "secrets"):
        os.makedirs(os.path.join(tree, directory), exist_ok=True)
        os.chmod(os.path.join(tree, directory), 0o777)
    files = {"secret": ("a secret that is long enough", 0o444), "tenterhook.yaml": (ROUTES, 0o666), "more.yaml": ("", 0o666),
             "hook.sh": ("#!/bin/sh\n", 0o777), "tls.crt": (certificate.read(), 0o644), "tls.key": (key.read(), 0o444)}
    for name, (text, mode) in files.items():
        with open(os.path.join(tree, "..data", name), "w") as file:
            file.write(text)
        os.chmod(file.name, mode)
        os.symlink("..data/" + name, os.path.join(tree, name))
    os.symlink("../..data/secret", os.path.join(tree, "secrets", "secret"))
    said = check(*UNSHARE, f'{MOUNT} && exec "$2" check -c "$1/tenterhook.yaml"', "sh")
    expect((said.returncode, said.stderr.count("warning:"), said.stderr.count("by every user")), (0, 3, 3), said.stderr)
    ensure("can be written by every user" in check().stderr and check().returncode == 1, check().stderr)
