"""The pages of docs/cookbook, run as they stand there but for the address, the floor of the journal
and the words of `pairs`.

A page names a file in the line before it, which ends in a colon: "`deploy.sh`:". Its commands are
the `sh` blocks without a name; what the README says under "Prepare" is run first.
"""
import os
import re
import subprocess

from harness import PATIENCE, PROGRAM, SOURCE, Failure, Server, ensure, run_program, server_user

ADDRESS, JOURNAL = "0.0.0.0:8443", "journal: {path: journal.db}"


def read_page(name):
    """({file: text}, [commands])"""
    with open(f"{SOURCE}/docs/cookbook/{name}.md", encoding="utf-8") as file:
        text = file.read()
    found = re.findall(r"^(?:`([\w./-]+)`[^\n]*:\n\n)?```(\w+)\n(.*?)^```$", text, re.M | re.S)
    for file, language, block in found:
        ensure(file or language in ("sh", "text"), f"{name}: nothing names the file\n{block}")
    return ({file: block for file, _, block in found if file},
            [block for file, language, block in found if not file and language == "sh"])


class Page(Server):
    """A server with the files of a page, started. Each old text of `pairs` is in the page, and
    `@DIR@` in a new one is the server's directory."""

    def __init__(self, name, *pairs, start=True):
        super().__init__([], start=False)
        self.state = self.directory
        self.files, self.commands = read_page(name)
        self.pairs = [(old, new.replace("@DIR@", self.directory)) for old, new in pairs]
        whole = "".join([*self.files.values(), *self.commands])
        for old in [ADDRESS, JOURNAL, *(old for old, _ in self.pairs)]:
            ensure(old in whole, f"{name} has no {old!r}")
        os.mkdir(f"{self.directory}/bin")
        os.symlink(PROGRAM, f"{self.directory}/bin/tenterhook")
        self.env.update(PATH=f"{self.directory}/bin:{self.env['PATH']}",
                        TENTERHOOK_CONFIG="tenterhook.yaml")
        self.shell(read_page("README")[1][0])
        self.secrets.add(self.text("hooks.secret").strip())
        for file, text in self.files.items():
            os.chmod(self.write(file, self.adapt(text)), 0o755 if file.endswith(".sh") else 0o644)
        self.own()
        if start:
            self.start()

    def adapt(self, text):
        for old, new in [(ADDRESS, "127.0.0.1:0"), (JOURNAL, JOURNAL[:-1] + ", min_free: 1MiB}"),
                         *self.pairs]:
            text = text.replace(old, new)
        return text

    def adapt_file(self, name, *pairs):
        """Writes a file of the page with further words replaced."""
        self.pairs += pairs
        self.write(name, self.adapt(self.files[name]))

    def own(self):
        """All files belong to whom a server started as root becomes."""
        if os.geteuid() == 0:
            user = server_user()
            for path, _, names in os.walk(self.directory):
                for each in [path, *(os.path.join(path, name) for name in names)]:
                    os.chown(each, user.pw_uid, user.pw_gid, follow_symlinks=False)

    def text(self, name):
        with open(os.path.join(self.directory, name), encoding="utf-8") as file:
            return file.read()

    def shell(self, commands, status=0, **env):
        """What commands print, in the directory of the page."""
        if self.addresses:
            commands = commands.replace("https://localhost:8443", self.url)
        done = subprocess.run(["sh", "-euc", commands], cwd=self.directory, check=False,
                              env={**self.env, **env}, stdin=subprocess.DEVNULL, text=True,
                              capture_output=True, timeout=60 * PATIENCE)
        if done.returncode != status:
            raise Failure(f"{commands}\nexit {done.returncode}\n{done.stdout}{done.stderr}")
        return done.stdout

    @property
    def url(self):
        return self.addresses[0].replace("127.0.0.1", "localhost")

    def try_it(self, number=0):
        """What a block of the page's commands prints; what it began has ended."""
        said = self.shell(self.adapt(self.commands[number]))
        self.wait_settled()
        return said

    def send(self, provider, path, body, *options, settle=True):
        """`tenterhook send`, with the page's secret: (status, body of the answer). With `settle`,
        what it began has ended."""
        sent = run_program(
            "send", provider, "--to", self.url + path, "--secret-file", "hooks.secret", "--ca",
            "server.crt", "--body", self.write("body", body), *options, cwd=self.directory)
        if settle:
            self.wait_settled()
        ensure(sent.stdout, sent.stderr)
        status, _, answer = sent.stdout.strip().partition(" ")
        return int(status), answer

    def outputs(self):
        """What each command printed, in the order of the deliveries; none if it was nothing."""
        return [row[0].decode() for row in self.query(
            "SELECT output FROM output WHERE output <> X'' ORDER BY delivery")]


class Garden:
    """A repository with one commit on main, and a clone of it: `origin` and `garden` beside the
    files of a page."""

    def __init__(self, page):
        self.directory = page.directory
        os.mkdir(f"{self.directory}/origin")
        self.git("origin", "init", "-q", "-b", "main")
        self.commit("first")
        self.git(".", "clone", "-q", "origin", "garden")

    def git(self, where, *words):
        identity = ("-c", "user.name=Ada", "-c", "user.email=ada@example.org")
        return subprocess.run(
            ["git", "-C", f"{self.directory}/{where}", *identity, *words], check=True,
            capture_output=True, text=True).stdout.strip()

    def commit(self, message):
        self.git("origin", "commit", "-q", "--allow-empty", "-m", message)
        return self.git("origin", "rev-parse", "HEAD")

    def head(self):
        """The commit of the clone, which belongs to another user."""
        with open(f"{self.directory}/garden/.git/HEAD", encoding="ascii") as file:
            return file.read().strip()
