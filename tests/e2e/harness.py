"""A server of one's own for a test: made in a temporary directory, watched, and gone at the end.

    with Server([route("hook", actions=[ledger()])] ) as server:
        expect(server.post("/hook", b"{}").status, 202)

The program under test is $TENTERHOOK. A test that ends without an exception has passed; skip() says
why it cannot run here. Whoever leaves a Server proves that it exits 0 (unless told otherwise), that
no sanitizer spoke, that the log holds no secret and no signature, and that no process is left.
"""
import ctypes
import json
import os
import pwd
import re
import shutil
import signal
import sqlite3
import stat
import subprocess
import sys
import tempfile
import threading
import time

from client import Connection, Raw
from senders import SECRET, SENT, github_headers

PROGRAM = os.path.abspath(os.environ.get("TENTERHOOK", "build/tenterhook"))
SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
# what takes seconds plain takes longer under a sanitizer or valgrind
PATIENCE = float(os.environ.get("TENTERHOOK_PATIENCE", "1"))
QUICK = os.environ.get("TENTERHOOK_QUICK") == "1"
SANITIZER = re.compile(
    r"LeakSanitizer|ERROR: \w+Sanitizer|WARNING: \w+Sanitizer|runtime error:|Assertion .* failed")
PR_SET_CHILD_SUBREAPER = 36


class Failure(AssertionError):
    pass


def skip(reason):
    print("skipped:", reason)
    sys.exit(77)


def expect(value, wanted, what=""):
    """Equality; a tuple of `wanted` gives alternatives for a value that is none."""
    wanted = wanted if isinstance(wanted, tuple) and not isinstance(value, tuple) else (wanted,)
    if value not in wanted:
        raise Failure(f"{what or 'value'}: got {value!r}, want {' or '.join(map(repr, wanted))}")


def ensure(condition, what):
    if not condition:
        raise Failure(what)


def library_version(name):
    """What the program says of a library it runs with, as (0, 9, 75)."""
    said = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, re.search(rf"\b{name} ([0-9.]+)", said)[1].split(".")))


def wait_until(condition, what, seconds=60):
    """The value of condition() as soon as it is true; fails after `seconds`, which a busy machine
    may need."""
    deadline = time.monotonic() + seconds * PATIENCE
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise Failure(f"waited {seconds * PATIENCE:.0f} s in vain: {what}")
        time.sleep(0.01)


def in_threads(function, arguments, seconds=180):
    """Calls function(*arguments[i]) all at once; fails if one failed, or goes on after
    `seconds`."""
    failures = []

    def call(values):
        try:
            function(*values)
        except BaseException as failure:
            failures.append(failure)
            raise

    threads = [threading.Thread(target=call, args=(values,), daemon=True) for values in arguments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(seconds * PATIENCE)
    ensure(not failures and not any(thread.is_alive() for thread in threads),
           f"in a thread: {failures}")


def server_user():
    """Whom a server started as root becomes."""
    for name in ("tenterhook", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    raise Failure("neither tenterhook nor nobody is a user here")


# ---- configuration: Python values, written as JSON, which is YAML ----

def route(name="hook", path=None, **keys):
    """A GitHub route, unless `auth` or another provider is given."""
    made = {"name": name, "path": path or "/" + name}
    if "auth" not in keys and "provider" not in keys:
        made.update(provider="github", secret=SECRET)
    made.update(keys)
    made.setdefault("actions", [{"shell": ":", "stdin": "none"}])
    return made


def script(text, **keys):
    """A shell action; $OUT is the server's directory for results."""
    return {"shell": text, "env": {"OUT": "@OUT@"}, **keys}


def ledger(name="ledger", **keys):
    """Appends the event's id to a file, with one write."""
    return script(f'echo "$TENTERHOOK_ID" >>"$OUT/{name}"', stdin="none", **keys)


def make_certificate(directory, name="server", subject="localhost"):
    paths = [os.path.join(directory, name + ending) for ending in (".crt", ".key")]
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1",
         "-nodes", "-days", "400", "-subj", "/CN=" + subject, "-keyout", paths[1], "-out", paths[0],
         "-addext", "subjectAltName=DNS:localhost,IP:127.0.0.1,IP:::1"],
        check=True, stderr=subprocess.DEVNULL)
    os.chmod(paths[1], 0o600)
    return paths


# ---- processes ----

def read_proc(pid, what):
    try:
        with open(f"/proc/{pid}/{what}", "rb") as file:
            return file.read().decode("utf-8", "replace")
    except OSError:
        return ""


def process_stat(pid):
    """(parent, state, cpu seconds) or None."""
    fields = read_proc(pid, "stat").rpartition(")")[2].split()
    if not fields:
        return None
    ticks = os.sysconf("SC_CLK_TCK")
    return int(fields[1]), fields[0], (int(fields[11]) + int(fields[12])) / ticks


def times_slept(pid):
    """How often it has gone to sleep of its own accord: one more is a round of its loop."""
    return int(re.search(r"\nvoluntary_ctxt_switches:\s*(\d+)", read_proc(pid, "status"))[1])


def descendants(pid):
    """All living descendants; zombies are not alive."""
    children = {}
    for entry in os.listdir("/proc"):
        stat = process_stat(entry) if entry.isdigit() else None
        if stat and stat[1] != "Z":
            children.setdefault(stat[0], []).append(int(entry))
    found, todo = [], [pid]
    while todo:
        below = children.get(todo.pop(), [])
        found += below
        todo += below
    return found


def resident_bytes(pid):
    match = re.search(r"VmRSS:\s+(\d+) kB", read_proc(pid, "status"))
    return int(match[1]) * 1024 if match else 0


def run_program(*arguments, **options):
    """The program's exit status and outputs, which are text unless `text` says otherwise."""
    return subprocess.run([PROGRAM, *arguments], capture_output=True, check=False,
                          timeout=60 * PATIENCE, **{"text": True, **options})


# ---- the log ----

def log_rows():
    """{event: (levels, fields, those that a line always has)} of docs/reference.md."""
    with open(os.path.join(SOURCE, "docs", "reference.md"), encoding="utf-8") as file:
        table = file.read().split("# What the log says")[1].split("\n# ")[0]
    order, rows = ("debug", "info", "warning", "error"), {}
    for event, levels, fields in re.findall(r"^\| `(\w+)` \| ([\w ]+) \| ([^|]*) \|", table,
                                            re.MULTILINE):
        least, _, worst = levels.partition(" to ")
        words = [(word.strip("[]").split("/"), word[0] == "[") for word in fields.split()]
        rows[event] = (order[order.index(least):order.index(worst or least) + 1],
                       {name for names, _ in words for name in names} | {"lost_lines"},
                       [set(names) for names, missing in words if not missing])
    return rows


def check_rows(log):
    """Each line of the log is as its row says; what others write (a tool, a library) is none."""
    rows = log_rows()
    for line in log.splitlines():
        text = re.match(
            r"\d{4}-\d\d-\d\dT\S+Z (\w+) \w+: (\w+)((?: \w+=(?:\"(?:[^\"\\]|\\.)*\"|[^\" ]*))*)$",
            line)
        if text:
            level, event = text[1], text[2]
            names = set(re.findall(r' (\w+)=(?:"(?:[^"\\]|\\.)*"|[^" ]*)', text[3]))
        elif line.startswith('{"time":') and line.endswith("}"):
            said = json.loads(line)
            level, event = said.pop("level"), said.pop("event")
            names = set(said) - {"time", "process"}
        else:
            continue
        ensure(event in rows, f"no event of the log: {line}")
        levels, known, always = rows[event]
        ensure(level in levels and names <= known and all(one & names for one in always),
               f"not as the row of {event} says: {line}")


class Server:
    """Keyword arguments are sections of the route file; `tls` and `plain` choose the addresses."""

    def __init__(self, routes, *, server=None, journal=None, log=None, plain=False, listen=None,
                 env=None, wrapper=(), exit_status=0, start=True, stderr=None, state=None, **top):
        self.directory = tempfile.mkdtemp(prefix="tenterhook-e2e-")
        os.chmod(self.directory, 0o755)
        self.out = self.make_directory("out")
        self.state = state or self.make_directory("state")
        self.certificate, self.key = make_certificate(self.directory)
        if listen is None:
            listen = [{"address": "127.0.0.1:0",
                       "tls": {"certificate": self.certificate, "key": self.key}}]
            if plain:
                listen.append({"address": "127.0.0.1:0", "tls": "off"})
        self.settings = {
            "version": 1,
            "server": {"listen": listen, "listeners": 2, **(server or {})},
            "journal": {"path": os.path.join(self.state, "journal.db"), "min_free": "1MiB",
                        **(journal or {})},
            **({"log": log} if log else {}), **top, "routes": routes}
        self.file = os.path.join(self.directory, "tenterhook.yaml")
        self.log_path = os.path.join(self.directory, "stderr")
        self.stderr = stderr  # a descriptor of the test's; what it reads goes into `said`
        self.said = b""
        self.addresses = []
        self.env = {**os.environ, **(env or {})}
        self.wrapper, self.exit_status = list(wrapper), exit_status
        self.process, self.addresses, self.secrets = None, [], {SECRET}
        self.pass_fds = ()
        self.loses = False  # a test that takes events out of the journal
        self.write_settings()
        if start:
            self.start()

    def make_directory(self, name):
        """A directory that belongs to whom the server becomes."""
        path = os.path.join(self.directory, name)
        os.mkdir(path)
        if os.geteuid() == 0:
            os.chown(path, server_user().pw_uid, server_user().pw_gid)
        return path

    def fifo(self, name, mode=0o600):
        path = os.path.join(self.out, name)
        os.mkfifo(path, mode)
        if os.geteuid() == 0:
            os.chown(path, server_user().pw_uid, server_user().pw_gid)
        return path

    def write_settings(self):
        text = json.dumps(self.settings, indent=1).replace("@OUT@", self.out)
        with open(self.file, "w") as file:
            file.write(text)
        os.chmod(self.file, 0o600)

    # -- start and stop --

    def start(self, wait=True):
        """Starts (again); with `wait`, until it has said where it listens."""
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
        stderr = self.stderr if self.stderr is not None else open(self.log_path, "ab")
        self.process = subprocess.Popen(
            [*self.wrapper, PROGRAM, "serve", "-c", self.file], stdout=subprocess.PIPE,
            stderr=stderr, stdin=subprocess.DEVNULL, env=self.env, pass_fds=self.pass_fds,
            start_new_session=True)
        if self.stderr is None:
            stderr.close()
        if wait:
            self.wait_ready()
        return self

    def wait_ready(self):
        os.set_blocking(self.process.stdout.fileno(), False)
        text = b""

        def listening():
            nonlocal text
            text += self.process.stdout.read() or b""
            if self.process.poll() is not None:
                raise Failure(
                    f"the server left with {self.process.returncode}\n{self.log()[-3000:]}")
            return text.count(b"listening on ") >= len(self.settings["server"]["listen"])

        wait_until(listening, "the addresses on standard output", 30)
        self.addresses = [line[len("listening on "):] for line in text.decode().splitlines()]

    @property
    def pid(self):
        """The supervisor's; with a wrapper that forks, its child's."""
        return self.process.pid

    def processes(self, role):
        """Pids of "runner", "listener" or "checkpointer", oldest first; not of a command that the
        runner has just cloned and that still has its name."""
        name = {"checkpointer": "th-checkpoint"}.get(role, "th-" + role)
        return sorted(pid for pid in descendants(self.pid)
                      if read_proc(pid, "comm").strip() == name
                      and (stat := process_stat(pid))
                      and not read_proc(stat[0], "comm").startswith("th-"))

    def established(self, index):
        """Connections to that address which the server has not closed."""
        port = format(int(self.addresses[index].rpartition(":")[2]), "04X")
        with open("/proc/net/tcp", encoding="ascii") as file:
            rows = [line.split() for line in file.readlines()[1:]]
        return sum(row[1].endswith(":" + port) and row[3] in ("01", "08") for row in rows)

    def cpu_seconds(self):
        pids = [self.pid, *descendants(self.pid)]
        return sum(stat[2] for stat in map(process_stat, pids) if stat)

    def resident(self):
        return sum(map(resident_bytes, [self.pid, *descendants(self.pid)]))

    def send_signal(self, number):
        self.process.send_signal(number)

    def kill_all(self):
        """kill -9 of every process of the server at once; commands included."""
        pids = [self.pid, *descendants(self.pid)]
        for pid in pids:  # a stopped parent cannot start anything anew meanwhile
            self.kill(pid, signal.SIGSTOP)
        for pid in {*pids, *descendants(self.pid)}:
            self.kill(pid, signal.SIGKILL)
        self.process.wait()
        self.process.stdout.close()
        self.reap()

    @staticmethod
    def kill(pid, number=signal.SIGKILL):
        try:
            os.kill(pid, number)
        except ProcessLookupError:
            pass

    @staticmethod
    def reap():
        """Orphans come to us: bury the dead ones, return the living."""
        try:
            while os.waitpid(-1, os.WNOHANG)[0]:
                pass
        except ChildProcessError:
            pass
        return descendants(os.getpid())

    def stop(self, seconds=45):
        if self.process.poll() is None:
            self.send_signal(signal.SIGTERM)
        try:
            status = self.process.wait(seconds * PATIENCE)
        except subprocess.TimeoutExpired:
            raise Failure(f"still there {seconds} s after SIGTERM") from None
        self.process.stdout.close()
        expect(status, self.exit_status, "exit status")
        self.check_cgroup()

    def check_cgroup(self):
        """The server has removed its cgroup, but for those of helpers that it has kept."""
        found = re.findall(r" contained cgroup=(\S+)", self.log())
        for place, names, _ in os.walk(found[-1] + "/commands") if found else ():
            for name in names:
                ensure(os.stat(os.path.join(place, name)).st_mode & stat.S_ISVTX,
                       f"the cgroup {name} is left")

    def write(self, name, text):
        """A file beside the route file; a value that is no text is written as JSON."""
        path = os.path.join(self.directory, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text if isinstance(text, str) else json.dumps(text))
        return path

    def reload(self, **changed):
        """SIGHUP, and wait until the new generation alone takes connections, or is refused; with
        keys of sections that are changed before."""
        for section, keys in changed.items():
            self.settings[section].update(keys)
        if changed:
            self.write_settings()

        def said(word):
            return len(re.findall(rf"\b{word}\b", self.log()))
        serving, failed, draining = (said("serving"), said("reload_failed"),
                                     said("listener: draining"))
        older = self.processes("listener")
        self.send_signal(signal.SIGHUP)
        wait_until(lambda: said("serving") > serving or said("reload_failed") > failed,
                   "the end of a reload", 30)
        wait_until(lambda: said("reload_failed") > failed or said("listener: draining") >= draining
                   + len(older) or not set(older) & set(self.processes("listener")),
                   "the older listeners to stop accepting", 30)

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        failed = kind is not None and not issubclass(kind, SystemExit)
        try:
            if not failed:
                if self.process and self.process.returncode is None:
                    self.stop()
                self.check_left()
                self.check_log()
        except Failure:
            failed = True
            raise
        finally:
            for pid in self.reap():
                self.kill(pid)
            if self.process and self.process.returncode is None:
                self.process.wait()
            self.reap()
            if failed:
                self.show_log()
            shutil.rmtree(self.directory, ignore_errors=True)

    def show_log(self):
        """Its end, without the many lines of what went well."""
        lines = [line for line in self.log().splitlines() if not re.search(
            r" info (listener: accepted|runner: done|supervisor: (left|started))", line)]
        print("---- the server's log, its end ----", *lines[-25:], sep="\n")

    def check_left(self):
        wait_until(lambda: not self.reap(), "every process to be gone: "
                   + str([(pid, read_proc(pid, "cmdline")) for pid in self.reap()]), 5)

    def check_log(self):
        log = self.log()
        ensure(log or self.stderr is None, "nothing of the log was read")
        found = SANITIZER.search(log)
        begin = log.rfind("\n", 0, found.start()) + 1 if found else 0
        ensure(not found, "a sanitizer spoke: " + log[begin:][:4000])
        for secret in self.secrets:
            ensure(secret not in log, "a secret stands in the log")
        check_rows(log)
        lost = re.search(r"journal_(missing|changed) .*", log)
        ensure(self.loses or not lost, f"a false alarm: {lost and lost.group()}")
        seen = set(re.findall(r"[0-9a-f]{64}", log)) & SENT
        ensure(not seen, f"a signature stands in the log: {seen}")

    # -- talking to it --

    def connect(self, index=0, **options):
        return Connection(self.addresses[index], self.certificate, **options)

    def connect_each(self, count, index=0, **options):
        """`count` connections to each listener: a list for each. The others are stopped
        meanwhile."""
        pids, made = self.processes("listener"), []
        for pid in pids:
            others = [other for other in pids if other != pid]
            for other in others:
                self.kill(other, signal.SIGSTOP)
            try:
                made.append([self.connect(index, **options) for _ in range(count)])
                for connection in made[-1]:  # an answer: it has been accepted
                    connection.request("GET", "/nothing-is-here")
            finally:
                for other in others:
                    self.kill(other, signal.SIGCONT)
        return made

    def raw(self, index=-1, **options):
        return Raw(self.addresses[index], self.certificate, **options)

    def request(self, method, path, body=b"", headers=None, index=0):
        with self.connect(index) as connection:
            return connection.request(method, path, body, headers)

    def post(self, path, body, headers=None, index=0, **github):
        """A signed GitHub event, unless headers are given."""
        headers = github_headers(body, **github) if headers is None else headers
        return self.request("POST", path, body, headers, index)

    # -- looking at it --

    def log(self):
        if self.stderr is not None:
            return self.said.decode("utf-8", "replace")
        try:
            with open(self.log_path, "rb") as file:
                return file.read().decode("utf-8", "replace")
        except OSError:
            return ""

    def wait_log(self, pattern, seconds=60):
        return wait_until(lambda: re.search(pattern, self.log()), f"{pattern!r} in the log",
                          seconds)

    def query(self, sql, *values):
        """Rows of the journal, read beside the running server."""
        journal = sqlite3.connect(f"file:{self.state}/journal.db?mode=ro", uri=True, timeout=10)
        try:
            return journal.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            if "no such table" in str(error):
                return []
            raise
        finally:
            journal.close()

    def count(self, table="event", where="1"):
        rows = self.query(f"SELECT count(*) FROM {table} WHERE {where}")
        return rows[0][0] if rows else 0

    def wait_settled(self, seconds=30):
        """Nothing pending, nothing running."""
        wait_until(lambda: self.count("delivery", "state IN ('pending', 'running')") == 0,
                   "all deliveries to end", seconds)

    def tool(self, *arguments):
        """`tenterhook VERB …`, with the server's file."""
        return run_program(arguments[0], "-c", self.file, *arguments[1:])

    def read(self, name):
        try:
            with open(os.path.join(self.out, name), "rb") as file:
                return file.read()
        except FileNotFoundError:
            return b""

    def ledger(self, name="ledger"):
        return self.read(name).decode().split()
