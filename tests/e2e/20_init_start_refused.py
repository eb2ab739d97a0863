"""init --start where the server does not start says so, with what to look at and the commands to
go on with, and exits with 3; where its port is in use, it writes nothing and names --port."""
import os
import socket
import sys

from first_run import be_installed, directory, free_port, printed
from harness import ensure, expect, run_program


def refused(reason, *arguments):
    made = run_program("init", "--start", "--certificates", "/none", *arguments)
    expect(made.returncode, 3, made.stderr)
    ensure(reason in made.stderr and "has not started" in made.stderr, made.stderr)
    printed(made.stdout, "send")
    return made


if sys.argv[1:] != ["inside"]:
    with directory() as place, socket.create_server(("0.0.0.0", 0)) as taken:
        port = str(taken.getsockname()[1])
        said = run_program("init", "--start", "--certificates", "/none", "--directory", place,
                           "--port", port)
        expect((said.returncode, os.listdir(place), said.stdout), (3, [], ""), said.stderr)
        ensure(f"port {port} is in use: --port N takes another" in said.stderr, said.stderr)
        os.makedirs(f"{place}/state/journal.db")
        refused("journal.db", "--directory", place, "--port", free_port())
        again = run_program("init", "--start", "--directory", place)
        expect((again.returncode, again.stdout), (1, ""), "a second init")
be_installed(__file__)
with open("/etc/systemctl", "w", encoding="utf-8") as file:
    file.write('#!/bin/sh\necho "$@" >>/etc/asked\necho no bus >&2\nexit 4\n')
os.chmod("/etc/systemctl", 0o755)
os.environ["PATH"] = "/etc:" + os.environ["PATH"]
said = refused("no bus", "--port", free_port())
expect(open("/etc/asked", encoding="utf-8").read(), "enable --now tenterhook\n")
ensure('"systemctl status tenterhook" and "journalctl -u tenterhook"' in said.stderr, said.stderr)
