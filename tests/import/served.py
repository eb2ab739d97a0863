"""A hooks file behind the built server: imported with --exact, started on a free port, asked, and
stopped again. What its commands were given is in a ledger."""
import http.client
import json
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
# The command of all hooks: writes down what it got, and prints it as that program's helper does.
HELPER = """#!/usr/bin/python3
import json, os, sys
words = sys.argv[1:]
hooks = [f"{{name}}={{value}}" for name, value in os.environ.items() if name.startswith("HOOK_")]
row = {{"id": os.path.basename(sys.argv[0]), "argv": words, "cwd": os.getcwd(),
       "env": {{name: value for name, value in os.environ.items()
                if not name.startswith(("TENTERHOOK_", "PATH", "HOME", "TZ", "LANG", "LC_"))}}}}
with open("{ledger}", "a") as ledger:
    ledger.write(json.dumps(row) + "\\n")
if words:
    print("arg:", " ".join(words))
if hooks:
    print("env:", " ".join(hooks))
if words and words[0].startswith("exit="):
    sys.exit(int(words[0][5:]))
sys.exit(int(os.environ.get("HOOK_exit") or 0))
"""


class Served:
    """`hooks` as that program has them; @HELPER@ in them is the command. `to_come` has the keys
    that this build does not know."""

    def __init__(self, program, hooks, flags=(), server=""):
        self.program = program
        self.directory = pathlib.Path(tempfile.mkdtemp(prefix="tenterhook-import-"))
        self.directory.chmod(0o755)
        self.ledger_file = self.directory / "ledger"
        self.ledger_file.touch()
        self.ledger_file.chmod(0o666)
        self.process = None
        self.helper = self.directory / "helper"
        self.helper.write_text(HELPER.format(ledger=self.ledger_file))
        self.helper.chmod(0o755)
        try:
            self.write(hooks, flags, server)
        except BaseException:
            self.__exit__()
            raise

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process:
            self.process.terminate()
            self.process.wait(60)
        shutil.rmtree(self.directory, ignore_errors=True)

    def write(self, hooks, flags, server):
        file = self.directory / "hooks.json"
        file.write_text(json.dumps(hooks).replace("@HELPER@", str(self.helper)))
        done = subprocess.run([self.program, "import", "--exact", file, "--", "-ip", "127.0.0.1",
                               "-port", "0", *flags], capture_output=True, text=True, check=False)
        if done.returncode not in (0, 1):
            raise AssertionError(f"import: exit {done.returncode}: {done.stderr}")
        self.said = done.stderr
        text = done.stdout.replace("server:\n", "server:\n  listeners: 1\n" + server, 1)
        journal = f"journal: {{path: {self.directory}/state/journal.db, min_free: 1MiB}}"
        text = re.sub("^journal: .*$", lambda _: journal, text, flags=re.MULTILINE)
        self.file = self.directory / "routes.yaml"
        self.file.write_text(text)
        self.file.chmod(0o600)
        (self.directory / "state").mkdir()
        if os.geteuid() == 0:
            (self.directory / "state").chmod(0o777)
        checked = subprocess.run([self.program, "check", "-c", self.file], capture_output=True,
                                 text=True, check=False)
        self.to_come = {line.split('"')[1] for line in checked.stderr.splitlines()
                        if 'unknown key "' in line}
        if checked.returncode and not self.to_come:
            errors = [line for line in checked.stderr.splitlines() if ": error: " in line]
            raise AssertionError("the route file is wrong: " + "; ".join(errors))

    def start(self):
        self.process = subprocess.Popen(
            [self.program, "serve", "-c", self.file], stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE, stderr=open(self.directory / "log", "wb"), text=True)
        line = self.process.stdout.readline()
        if not line.startswith("listening on "):
            raise AssertionError((self.directory / "log").read_text()[-2000:])
        self.port = int(line.strip().rsplit(":", 1)[1])

    def ask(self, method, path, headers=(), body=b"", wanted=()):
        """(status, body), and behind them the values of the headers that are wanted."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        result = (answer.status, answer.read().decode(errors="replace"),
                  *(answer.headers.get(name) for name in wanted))
        connection.close()
        return result

    def runs(self, wanted):
        """What commands got so far, once there are `wanted` of them or 10 s are over."""
        deadline = time.monotonic() + 10
        while True:
            rows = [json.loads(line) for line in self.ledger_file.read_text().splitlines()]
            if len(rows) >= wanted or time.monotonic() > deadline:
                return rows
            time.sleep(0.02)
