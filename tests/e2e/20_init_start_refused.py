"""init --start where the server does not start says so, with what to look at and the commands to
go on with, and exits with 3; systemd is asked where the package is installed."""
import os
import socket
import sys

from first_run import be_installed, directory, printed
from harness import ensure, expect, run_program


def refused(reason, *arguments):
    made = run_program("init", "--start", "--certificates", "/none", *arguments)
    expect(made.returncode, 3, made.stderr)
    ensure(reason in made.stderr and "has not started" in made.stderr, made.stderr)
    printed(made.stdout, "send")
    return made


if sys.argv[1:] != ["inside"]:
    with directory() as place, socket.create_server(("0.0.0.0", 0)) as taken:
        refused("in use", "--directory", place, "--port", str(taken.getsockname()[1]))
        again = run_program("init", "--start", "--directory", place)
        expect((again.returncode, again.stdout), (1, ""), "a second init")
be_installed(__file__)
with open("/etc/systemctl", "w", encoding="utf-8") as file:
    file.write('#!/bin/sh\necho "$@" >>/etc/asked\necho no bus >&2\nexit 4\n')
os.chmod("/etc/systemctl", 0o755)
os.environ["PATH"] = "/etc:" + os.environ["PATH"]
said = refused("no bus")
expect(open("/etc/asked", encoding="utf-8").read(), "enable --now tenterhook\n")
ensure('"systemctl status tenterhook" and "journalctl -u tenterhook"' in said.stderr, said.stderr)
