"""Real senders and proxies, started by a test and gone with it."""
import os
import shutil
import signal
import socket
import subprocess

from harness import Failure, skip, wait_until


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def answers(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Program:
    """A program that listens on `port`, with its output in the server's directory."""

    def __init__(self, server, command, port=None, user=None, env=None):
        if not shutil.which(command[0]):
            skip(f"{command[0]} is not installed")
        self.log_path = os.path.join(server.directory, os.path.basename(command[0]) + ".log")
        with open(self.log_path, "wb") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log,
                                            stdin=subprocess.DEVNULL, user=user,
                                            env={**os.environ, **(env or {})}, cwd=server.directory)
        self.port = port

    def __enter__(self):
        if self.port:
            wait_until(self.is_up, f"{self.log_path} to listen", 30)
        return self

    def is_up(self):
        if self.process.poll() is not None:
            raise Failure("the program left: " + self.log())
        return answers(self.port)

    def crashed(self):
        """Whether it died of a fault of its own."""
        return self.process.poll() in (-signal.SIGSEGV, -signal.SIGABRT, -signal.SIGBUS)

    def log(self):
        with open(self.log_path, encoding="utf-8", errors="replace") as file:
            return file.read()[-3000:]

    def __exit__(self, kind, value, trace):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        if kind:
            print("---- the program's log ----\n" + self.log())


def write(server, name, text):
    path = os.path.join(server.directory, name)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path
