"""systemd's journal gets each line of a start that fails with its priority, and what a start says
of its addresses once; a pipe gets no priorities."""
import os
import select
import socket
import subprocess

from harness import PROGRAM, Server, ensure, expect, route, run_program, wait_until


def start_in_journal(file):
    """The process, and the end of its standard output and standard error that the journal has."""
    journal, stream = socket.socketpair()
    journal.setblocking(False)
    what = os.fstat(stream.fileno())
    env = {**os.environ, "JOURNAL_STREAM": f"{what.st_dev}:{what.st_ino}"}
    with stream:
        return subprocess.Popen([PROGRAM, "serve", "-c", file], stdout=stream, stderr=stream,
                                env=env), journal


with Server([route()], start=False) as server:
    broken, text = f"{server.directory}/broken.yaml", b""
    with open(broken, "w", encoding="utf-8") as file:
        file.write("version: 1\nserver: {lisen: x}\nroutes: []\n")
    process, journal = start_in_journal(broken)
    expect(process.wait(30), 1)
    lines = journal.recv(65536).decode().splitlines()
    ensure(len(lines) >= 3 and all(line[:3] == "<3>" for line in lines), f"{lines}")
    expect(run_program("serve", "-c", broken).stderr, "".join(f"{line[3:]}\n" for line in lines))
    process, journal = start_in_journal(server.file)
    def is_serving():
        global text
        text += journal.recv(65536) if select.select([journal], [], [], 0)[0] else b""
        return b": serving " in text

    wait_until(is_serving, "the server", 30)
    process.terminate()
    expect(process.wait(30), 0)
    expect((text.count(b": listening "), text.count(b"listening")), (1, 1), text.decode())
