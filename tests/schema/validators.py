"""Three validators with one face: ours (the Bowtie program), ajv 8 and @sourcemeta/jsonschema.

`verdicts(cases)` answers a list for each case, an answer for each of its instances: VALID, INVALID,
REFUSED (the schema, or a limit was met) or DIED.
"""
import collections
import contextlib
import json
import pathlib
import platform
import re
import subprocess
import tempfile
import threading
from concurrent.futures import ThreadPoolExecutor

HERE = pathlib.Path(__file__).resolve().parent
MODULES = HERE / "node_modules"
DIALECTS = {
    "2020-12": "https://json-schema.org/draft/2020-12/schema",
    "2019-09": "https://json-schema.org/draft/2019-09/schema",
    "07": "http://json-schema.org/draft-07/schema#",
    "06": "http://json-schema.org/draft-06/schema#",
    "04": "http://json-schema.org/draft-04/schema#",
}


class Verdict(str):
    """REFUSED may say why; it is equal to the plain one."""
    why = ""

    @property
    def kind(self):
        """The same for refusals that differ only in what they quote."""
        return self + re.sub(r'["/].*', "", self.why)


VALID, INVALID, REFUSED, DIED = map(Verdict, ("valid", "invalid", "refused", "died"))


def refused(why):
    verdict = Verdict(REFUSED)
    verdict.why = why
    return verdict


# formats: whether they are asserted.
Case = collections.namedtuple("Case", "draft formats schema instances")


class Number(str):
    """A number with a text of its own, such as 1.0e2; `write` writes it as it is."""
    MARK = "\0number:"

    def __new__(cls, text):
        return super().__new__(cls, cls.MARK + text)

    def __getnewargs__(self):  # for copies
        return (self.text,)

    @property
    def text(self):
        return self[len(self.MARK):]


def write(value):
    return re.sub(r'"\\u0000number:([^"]+)"', r"\1", json.dumps(value, ensure_ascii=True))


class Lines:
    """A program that answers each line of JSON with a line of JSON."""

    def __init__(self, *command):
        self.command, self.process = command, None

    def start(self):
        self.process = subprocess.Popen(self.command, stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE)

    def feed(self, lines):
        with contextlib.suppress(BrokenPipeError):  # it died: the reader sees it
            for line in lines:
                self.process.stdin.write(line.encode() + b"\n")
            self.process.stdin.flush()

    def ask(self, lines):
        """The answers; None from where the program died."""
        if not self.process:
            self.start()
        writer = threading.Thread(target=self.feed, args=(lines,))
        writer.start()
        answers = []
        for _ in lines:
            answer = self.process.stdout.readline()
            answers.append(json.loads(answer) if answer else None)
        writer.join()
        return answers

    def ask_each(self, lines):
        """The same; a line at which the program dies is one None, and the rest is asked again."""
        answers = []
        while len(answers) < len(lines):
            some = self.ask(lines[len(answers):])
            if None not in some:
                return answers + some
            answers += some[:some.index(None) + 1]
            self.stop()
        return answers

    def stop(self):
        """Whether it ended badly."""
        if not self.process:
            return False
        with contextlib.suppress(BrokenPipeError):
            self.process.stdin.close()
        self.process.stdout.read()
        self.process.stdout.close()
        process, self.process = self.process, None
        return process.wait() != 0


class Ours:
    name = "ours"

    def __init__(self, program, *more):
        self.programs = {False: Lines(program, *more),
                         True: Lines(program, "--formats", "assert", *more)}

    def ask(self, formats, cases):
        lines = []
        for case in cases:
            lines.append(write({"cmd": "dialect", "dialect": DIALECTS[case.draft]}))
            tests = [{"instance": instance} for instance in case.instances]
            lines.append(write({"cmd": "run", "seq": 0,
                                "case": {"schema": case.schema, "tests": tests}}))
        return self.programs[formats].ask_each(lines)[1::2]

    def verdicts(self, cases):
        return by_formats(self.ask, cases, self.read)

    @staticmethod
    def read(case, answer):
        if not answer or answer.get("errored"):
            return [refused(answer["context"]["message"]) if answer else DIED] * len(case.instances)
        return [REFUSED if result.get("errored") else VALID if result["valid"] else INVALID
                for result in answer["results"]]

    def stop(self):
        return sum([program.stop() for program in self.programs.values()])


def by_formats(ask, cases, read):
    """Asks for the cases that assert formats and for the others, and answers in their order."""
    found = [None] * len(cases)
    for formats in (False, True):
        places = [i for i, case in enumerate(cases) if case.formats == formats]
        answers = ask(formats, [cases[i] for i in places])
        for place, answer in zip(places, answers):
            found[place] = read(cases[place], answer)
    return found


class Ajv:
    name = "ajv"

    def __init__(self):
        self.program = Lines("node", str(HERE / "ajv.mjs"))

    def verdicts(self, cases):
        return [self.read(case, answer) for case, answer in
                zip(cases, self.program.ask_each([write(case._asdict()) for case in cases]))]

    @staticmethod
    def read(case, answer):
        if not answer or "refused" in answer:
            return [refused(answer["refused"]) if answer else DIED] * len(case.instances)
        return [VALID if result else INVALID for result in answer["results"]]

    def stop(self):
        return self.program.stop()


class Sourcemeta:
    """The tool is run, a process a schema, in its exhaustive mode (what it does without --fast)."""
    name = "sourcemeta"

    def __init__(self):
        machine = {"x86_64": "x86_64", "aarch64": "arm64"}.get(platform.machine(), "unknown")
        self.program = (MODULES / "@sourcemeta/jsonschema/build/github-releases" /
                        ("jsonschema-linux-" + machine))
        self.pool = ThreadPoolExecutor(2)
        self.directory = tempfile.TemporaryDirectory()
        self.places = iter(range(1 << 62))

    def verdicts(self, cases):
        return list(self.pool.map(self.run, cases))

    def run(self, case):
        place = pathlib.Path(self.directory.name) / str(next(self.places))
        schema, instances = place.with_suffix(".json"), place.with_suffix(".jsonl")
        schema.write_text(write(case.schema), encoding="utf-8")
        instances.write_text("".join(write(i) + "\n" for i in case.instances), encoding="utf-8")
        command = [self.program, "validate", schema, instances, "--continue",
                   "--default-dialect", DIALECTS[case.draft]]
        try:
            done = subprocess.run(command + ["--format-assertion"] * case.formats, timeout=60,
                                  stdin=subprocess.DEVNULL, capture_output=True, check=False)
        except subprocess.TimeoutExpired:
            return [DIED] * len(case.instances)
        finally:
            schema.unlink()
            instances.unlink()
        return self.read(case, done)

    @staticmethod
    def read(case, done):
        said = done.stdout.decode() + done.stderr.decode()
        if done.returncode < 0:
            return [DIED] * len(case.instances)
        if done.returncode not in (0, 2):
            return [refused(said)] * len(case.instances)
        failed = {int(n) for n in re.findall(r"^fail: .* \(entry #(\d+)\)$", said, re.M)}
        count = re.search(r"^(\d+) validated, (\d+) passed, (\d+) failed$", said, re.M)
        assert count and (int(count[1]), int(count[3])) == (len(case.instances), len(failed)), said
        return [INVALID if n + 1 in failed else VALID for n in range(len(case.instances))]

    def stop(self):
        self.pool.shutdown()
        self.directory.cleanup()
        return False
