"""`tenterhook init` in a directory of its own, and what it prints done as it stands."""
import contextlib
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import tempfile

from facts import only_root
from harness import PROGRAM, ensure, expect, run_program, skip, wait_until

MOUNT = "mount --bind {0}/etc /etc && mount -t tmpfs none /var/lib && exec {1} {2} inside"


@contextlib.contextmanager
def directory():
    """One that the server's user may enter."""
    with tempfile.TemporaryDirectory(prefix="tenterhook-init-") as place:
        os.chmod(place, 0o755)
        yield place


def make_lineage(live, name, host):
    """A certificate as certbot leaves it below `live`."""
    os.makedirs(f"{live}/{name}")
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                    "ec_paramgen_curve:prime256v1", "-nodes", "-days", "30", "-subj", "/CN=x",
                    "-addext", f"subjectAltName=DNS:{host}",
                    "-keyout", f"{live}/{name}/privkey.pem", "-out",
                    f"{live}/{name}/fullchain.pem"], check=True, capture_output=True)


def be_installed(script):
    """Runs the script again, which goes on behind this call, where /etc and /var/lib are its own
    and have what the package brings."""
    if sys.argv[1:] == ["inside"]:
        return
    only_root()
    if not shutil.which("setpriv"):
        skip("setpriv is not installed")
    with directory() as place:
        subprocess.run(["cp", "-a", "/etc", f"{place}/etc"], check=True)
        os.makedirs(f"{place}/etc/tenterhook/conf.d", exist_ok=True)
        with open(f"{place}/etc/passwd", "r+", encoding="utf-8") as users:
            if "\ntenterhook:" not in users.read():
                users.write("tenterhook:x:64999:64999::/var/lib/tenterhook:/usr/sbin/nologin\n")
        command = ["unshare", "-m", "sh", "-c"]
        if subprocess.run([*command, "mount -t tmpfs none /var/lib"], check=False).returncode:
            skip("mounts of one's own are not allowed here")
        sys.exit(subprocess.run([*command, MOUNT.format(place, sys.executable, script)],
                                check=False).returncode)


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return str(taken.getsockname()[1])


def printed(said, word):
    """The arguments of the line `tenterhook WORD …`."""
    line = re.search(rf"^  tenterhook ({word}(?: .*)?)$", said, re.M)
    ensure(line, f"no line {word}: {said}")
    return shlex.split(line[1])


def snapshot(place):
    """What is there: content and mode of each file."""
    found = {}
    for top, _, names in os.walk(place):
        for name in names:
            path = os.path.join(top, name)
            with open(path, "rb") as file:
                found[os.path.relpath(path, place)] = (file.read(), oct(os.stat(path).st_mode))
    return found


@contextlib.contextmanager
def serving(arguments, wrapper=()):
    """The server of the printed line, until the end of the block; it ends with 0."""
    with subprocess.Popen([*wrapper, PROGRAM, *arguments], stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, text=True) as server:
        try:
            line = server.stdout.readline()
            ensure(line.startswith("listening on https://"), f"{line}{server.poll()}")
            yield server
        finally:
            server.terminate()
            log = server.communicate()[1]
        expect(server.returncode, 0, log)


def send_and_see(said, route):
    """Sends the test event as it is printed, and waits until its script has run; its output."""
    sent = run_program(*printed(said, "send"))
    expect((sent.returncode, sent.stderr), (0, ""), f"send: {sent.stdout}")
    listed = printed(said, "events list")
    wait_until(lambda: route in run_program(*listed, "--state", "done").stdout, "the script")
    event = run_program(*listed, "--json").stdout
    return run_program("events", "show", re.search(r'"id": *"([^"]+)"', event)[1],
                       *listed[2:]).stdout
