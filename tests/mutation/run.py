#!/usr/bin/env python3
"""Changes one thing in the program at a time and sees whether a test notices: run.py [FILE…]
[options]

    tests/mutation/run.py server/ipc/frame.c            all mutants of one file
    tests/mutation/run.py server/pipeline --count 40    forty of each file of a room
    tests/mutation/run.py --killed                      a fixed list, for continuous integration
    tests/mutation/run.py --unit --sample 12            a few of all that unit tests alone are for
    tests/mutation/run.py --known sanitizers --build build-sanitize   those that survivors.md says
                                                                      so of,
                                                        with unit tests alone: all are to be killed
    tests/mutation/run.py --list server/ipc/frame.c     what they would be

A mutant is one application of one operator (the table OPERATORS) at one place of a function. Each
is compiled beside a build; one whose object is the same byte for byte is no change. Then the tests
of its file (the table TESTS, the quick ones first) run until one fails. What survives is compared
with survivors.md, which says why it may: exit 1 if one is not there. Constants of enum and #define
are left alone: they are sizes, of which one is as good as its neighbour. Asserts too: they are
tests.
"""
import argparse
import concurrent.futures
import json
import os
import random
import re
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
ROOT = HERE.parent.parent
SURVIVORS, KILLED = HERE / "survivors.md", HERE / "killed.md"
# A test may take so much longer than it does unchanged before it counts as failed: what hangs is
# noticed.
TEST_TIMES, TEST_SECONDS = 5, 5

# Unit tests by name, end-to-end tests by file, for the files whose path begins so; the longest that
# fits.
TESTS = {
    "server/event.c": ["frame", "links", "runner_border"], "server/ipc/frame.c": ["frame", "links"],
    "server/ipc/control.c": ["links", "supervision", "e2e:05_reload_certificate"],
    "server/ipc/shared.c": ["shared", "supervision", "runner_border"],
    "server/ipc/privilege.c": ["e2e:20_root_then_user", "e2e:20_secrets_of_the_user",
                               "e2e:20_process_one", "e2e:25_seen_as_root",
                               "e2e:25_new_privileges"],
    "server/ipc/runner_link.c": ["runner_link", "links"],
    "server/ipc/listener_link.c": ["links", "runner_border"], "server/ipc/log_events.c": ["rows"],
    "server/runner/attempt.c": ["attempt", "e2e:20_outcome_lines"],
    "server/runner/dispatch.c": ["dispatch", "runner_turns", "runner_border", "rerun", "runner",
                                 "runner_faults"],
    "server/runner/horizon.c": ["horizon"],
    "server/runner/intake.c": ["intake", "runner_border", "runner_faults", "rerun", "runner"],
    "server/runner/journal_health.c": ["journal_health", "runner_faults"],
    "server/runner/queue.c": ["queue", "runner_turns", "runner_border", "rerun", "runner"],
    "server/journal/due.c": ["journal_due"], "server/runner/retry_clock.c": ["retry_clock"],
    "handlers/action/retry.c": ["retry", "config"],
    "server/runner/retention.c": ["retention", "runner_border", "runner_faults"],
    "server/runner/runner.c": ["runner_border", "runner", "rerun", "runner_turns",
                               "runner_faults"],
    "server/journal/checkpoint.c": ["journal_beside", "runner_faults"],
    "server/journal/editor.c": ["journal_beside", "journal_engines", "journal_damage"],
    "server/journal/damage.c": ["journal_damage", "journal_versions"],
    "server/journal/dedupe.c": ["dedupe", "journal_engines"],
    "server/journal/event_row.c": ["journal_engines", "journal", "events"],
    "server/journal/lock.c": ["lock", "journal"],
    "server/journal/log_walk.c": ["journal_damage"],
    "server/journal/reader.c": ["events", "journal_beside", "journal_damage"],
    "server/journal/walk.c": ["journal_walk"], "server/options/moment.c": ["moment"],
    "server/terminal/columns.c": ["columns"], "server/terminal/body_text.c": ["columns"],
    "server/journal/rerun.c": ["rerun_decide", "rerun"],
    "server/journal/sqlite_files.c": ["sqlite_files", "journal_damage", "journal", "events"],
    "server/journal/sqlite_lock.c": ["journal_damage", "journal"],
    "server/journal/tables.c": ["journal_versions", "journal_engines", "journal"],
    "server/journal/": ["journal_engines", "journal_due", "journal_versions", "journal",
                        "journal_beside", "journal_damage", "events", "rerun"],
    "server/pipeline/respond.c": ["respond", "answers", "route_parts", "e2e:40_respond"],
    "server/pipeline/respond_keys.c": ["route_parts", "respond", "config", "e2e:40_respond"],
    "server/pipeline/answer_template.c": ["respond", "route_parts", "config",
                                          "e2e:40_answer_values", "e2e:40_answer_refused"],
    "server/runner/answers.c": ["awaited_outputs", "e2e:40_answer_output", "e2e:40_answer_late"],
    "handlers/value/payload_index.c": ["value", "condition", "e2e:45_injection_costs"],
    "handlers/value/reference.c": ["reference", "value"],
    "handlers/value/reference_load.c": ["condition", "event_names", "config"],
    "handlers/value/stored.c": ["value", "e2e:40_arguments"],
    "handlers/value/template.c": ["template", "e2e:40_arguments"],
    "handlers/value/line_text.c": ["template"], "handlers/content/unfold.c": ["unfold", "folded"],
    "handlers/value/value_context.c": ["value", "condition", "template", "e2e:40_form_payload"],
    "handlers/value/value_test.c": ["condition"],
    "handlers/admission/condition.c": ["condition", "e2e:40_when"],
    "handlers/admission/condition_load.c": ["condition", "config"],
    "handlers/admission/when.c": ["config", "e2e:40_when"],
    "handlers/action/body_files.c": ["body_files", "e2e:08_command_body_file"],
    "handlers/action/command_check.c": ["action_settings", "config"],
    "handlers/action/command_load.c": ["action_settings", "config"],
    "handlers/action/command_texts.c": ["action_settings", "config", "e2e:40_arguments",
                                        "e2e:45_injection_cwd"],
    "handlers/action/command_values.c": ["e2e:40_arguments", "e2e:45_injection_cwd",
                                         "e2e:45_injection_commands"],
    "handlers/action/process.c": ["process", "config", "e2e:25_user_refused"],
    "handlers/action/spawn_child.c": ["process", "command", "e2e:25_seen_as_root",
                                      "e2e:25_user_rights"],
    "handlers/action/selection.c": ["config", "e2e:40_choose", "e2e:40_answer_chosen"],
    "handlers/admission/dedupe.c": ["dedupe", "route_parts", "config", "e2e:03_duplicates"],
    "server/pipeline/guard.c": ["guard", "e2e:12_framing_heads", "e2e:12_framing_lengths"],
    "server/pipeline/proxies.c": ["proxies", "e2e:60_behind_proxies"],
    "server/pipeline/routing.c": ["routing", "track", "e2e:02_refused_requests",
                                  "e2e:40_track_paths"],
    "server/pipeline/reply_body.c": ["answers", "pipeline", "e2e:03_redeliveries"],
    "server/pipeline/track.c": ["track", "e2e:40_track_paths", "e2e:40_track_tokens"],
    "server/runner/trackers.c": ["trackers", "e2e:40_track_waits", "e2e:40_track_reload"],
    "server/pipeline/stored_headers.c": ["answers", "pipeline", "e2e:20_command_environment"],
    "server/pipeline/authenticate.c": ["pipeline", "folded", "e2e:40_content",
                                       "e2e:40_learned_keys", "e2e:30_senders_answers"],
    "server/pipeline/pipeline.c": ["pipeline", "e2e:60_health", "e2e:40_content", "e2e:40_respond",
                                   "e2e:40_learned_keys", "e2e:60_proxy_urls", "e2e:40_quarantine",
                                   "e2e:30_senders_answers"],
    "handlers/admission/address.c": ["routing", "e2e:20_addresses"],
    "handlers/admission/limit.c": ["limit", "pipeline", "track"],
    "handlers/admission/event_names.c": ["event_names", "config"],
    "handlers/admission/events.c": ["routing", "config"],
    "handlers/admission/validate.c": ["schema_explain", "config", "e2e:40_schema",
                                      "e2e:40_quarantine"],
    "server/process/preflight_process.c": ["config", "e2e:25_user_refused"],
    "handlers/admission/schema_files.c": ["schema_files", "config", "e2e:40_schema"],}

WORD = r"(?<![\w.])"


def replace(pattern, made):
    """Every match of `pattern` in a line becomes `made`, one at a time."""
    def apply(line):
        for match in re.finditer(pattern, line):
            yield line[:match.start()] + match.expand(made) + line[match.end():]
    return apply


def constants(step):
    """Decimal numbers, plus or minus one."""
    def apply(line):
        for match in re.finditer(WORD + r"(\d+)(?![\w.])", line):
            number = int(match[1]) + step
            yield line[:match.start()] + (str(number) if number >= 0
                                          else "(-1)") + line[match.end():]
    return apply


def negate(line):
    """if (X) and while (X), where the condition ends in this line."""
    for match in re.finditer(r"\b(?:if|while) \(", line):
        depth, end = 1, match.end()
        while end < len(line) and depth:
            depth += {"(": 1, ")": -1}.get(line[end], 0)
            end += 1
        if not depth:
            yield line[:match.end()] + "!(" + line[match.end():end - 1] + ")" + line[end - 1:]


def drop(line):
    """A statement of one line: a call, an assignment, a count; no declaration, return or jump."""
    if re.match(r"^ +(?!return|break|continue|goto|case|default|else|enum|struct|static|const"
                r"|_Static|va_)"
                r"(?:\*|\+\+|--|\(void\)!?)?\w[\w\->.\[\]]*(?:\(| [-+*/|&^]?= |\+\+|--).*;$", line):
        yield re.match(r" +", line)[0] + ";"


def give_back(line):
    """return X; where X is no constant: its opposite."""
    match = re.match(r"^( +)return ([^;]+);$", line)
    if match and match[2] not in ("true", "false", "NULL"):
        yield f"{match[1]}return !({match[2]});"


OPERATORS = [
    ("< for <=", replace(r" <= ", " < ")), ("<= for <", replace(r" < ", " <= ")),
    ("> for >=", replace(r" >= ", " > ")), (">= for >", replace(r" > ", " >= ")),
    ("!= for ==", replace(r" == ", " != ")), ("== for !=", replace(r" != ", " == ")),
    ("|| for &&", replace(r" &&(?= |$)", " ||")), ("&& for ||", replace(r" \|\|(?= |$)", " &&")),
    ("- for +", replace(r" \+ ", " - ")), ("+ for -", replace(r" - ", " + ")),
    ("-= for +=", replace(r" \+= ", " -= ")), ("+= for -=", replace(r" -= ", " += ")),
    ("-- for ++", replace(r"\+\+", "--")), ("= for |=", replace(r" \|= ", " = ")),
    ("false for true", replace(r"\btrue\b", "false")),
    ("true for false", replace(r"\bfalse\b", "true")),
    ("one more", constants(1)), ("one less", constants(-1)),
    ("no !", replace(r"(?<=[ (])!(?=[\w(])", "")), ("not the condition", negate),
    ("without the statement", drop), ("not what it gives back", give_back),
    ("without the break", replace(r"^( +)(break|continue);$", r"\1;")),]


class Mutant:
    def __init__(self, file, number, function, operator, before, after):
        self.file, self.number, self.function, self.operator = file, number, function, operator
        self.before, self.after = before, after
        self.result, self.by = None, ""

    @property
    def key(self):
        """As a row of survivors.md has it: it outlives a change elsewhere in the file."""
        line = self.before if self.after.strip() == ";" else self.after
        return self.function, self.operator, squeeze(line)


def squeeze(text):
    return " ".join(text.split()).replace("|", "¦")


def blank(text):
    """The text with comments and what stands between quotes replaced by blanks: places stay the
    same."""
    return re.sub(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'',
                  lambda match: re.sub(r"[^\n]", "\x01", match[0]), text, flags=re.DOTALL)


def name_of(head):
    """Of the function whose head ends there: what stands before the first bracket of the last line
    that is not indented."""
    found = [re.search(r"(\w+)\(", line) for line in head if re.match(r"\w", line)]
    return next((match[1] for match in reversed(found) if match), "?")


def mutants_of(file):
    text = (ROOT / file).read_text(encoding="utf-8")
    lines, bare = text.split("\n"), blank(text).split("\n")
    made, function, inside = [], "", False
    for number, (line, code) in enumerate(zip(lines, bare)):
        if code == "{":
            function, inside = name_of(bare[max(0, number - 6):number]), True
        elif code == "}":
            inside = False
        if not inside or re.match(r"\s*(#|assert\(|enum |static const|_Static_assert)", code):
            continue
        for name, operator in OPERATORS:
            if operator is drop and not re.search(r"[;{}):]$|^$", bare[number - 1]):
                continue  # the rest of a longer one
            for changed in operator(code):
                after = unblank(line, code, changed)
                if after is not None:
                    made.append(Mutant(file, number + 1, function, name, line, after))
    return made


def unblank(line, code, changed):
    """What was blanked comes back: the operators leave it alone, and in its order."""
    kept = re.findall("\x01+", code)
    places = [match.start() for match in re.finditer("\x01+", code)]
    parts = [line[place:place + len(part)] for place, part in zip(places, kept)]
    if len(re.findall("\x01+", changed)) != len(kept):
        return changed if "\x01" not in changed else None
    for part in parts:
        changed = re.sub("\x01+", lambda _, part=part: part, changed, count=1)
    return changed


def tests_of(file):
    tests = max((item for item in TESTS.items() if file.startswith(item[0])),
                key=lambda item: len(item[0]), default=("", []))[1]
    return [t for t in tests if ":" in t or t == "config"
            or (ROOT / f"tests/unit/test_{t}.c").exists()]


def running(program):
    """The processes that run it, whatever sessions they have made."""
    for entry in filter(str.isdigit, os.listdir("/proc")):
        try:
            if os.readlink(f"/proc/{entry}/exe").startswith(str(program)):
                yield int(entry)
        except OSError:
            continue  # it has gone


def kill_session(leader, program=None):
    """All of a test: what it forks may have made a group of its own, a server a session of its
    own; and one more may be forked while we look."""
    for _ in range(10):
        found = list(running(program)) if program else []
        for entry in filter(str.isdigit, os.listdir("/proc")):
            try:
                fields = Path(f"/proc/{entry}/stat").read_text(encoding="utf-8").rpartition(")")[
                    2].split()
                if int(fields[3]) == leader and fields[0] != "Z":
                    found.append(int(entry))
            except (OSError, IndexError):
                continue  # it has gone
        for process in found:
            try:
                os.kill(process, signal.SIGKILL)
            except OSError:
                continue
        if not found:
            return


class Workshop:
    """Compiles mutants beside a build and links tests with them: an object that stands before a
    library takes the place of the member of it that defines the same. Neither the tree nor the
    build is touched."""

    def __init__(self, build, directory, files_of_tests, files):
        self.build, self.directory = build, Path(directory)
        self.files_of_tests = files_of_tests
        self.files, self.tests = files, sorted({test for file in files for test in tests_of(file)})
        self.limits, self.links, self.compiles, self.running = {}, {}, {}, set()
        signal.signal(signal.SIGTERM, self.stop)
        subprocess.run(["ninja", "-C", build, *sorted({self.target(test) for test in self.tests})],
                       check=True, stdout=subprocess.DEVNULL)
        listed = json.loads(subprocess.run(["ninja", "-C", build, "-t", "compdb"], check=True,
                                           capture_output=True, text=True).stdout)
        for entry in listed:
            if " -c " in entry["command"]:
                file = os.path.relpath(os.path.join(build, entry["file"]), ROOT)
                if file in files and not entry["output"].startswith("tests/"):
                    self.compiles[file] = entry["command"]  # no copy that a test makes of it
            elif entry["output"] in {self.target(test) for test in self.tests}:
                self.links[entry["output"]] = entry["command"]
        self.objects = {file: self.compile(file, (ROOT / file).read_text(encoding="utf-8"),
                                           self.directory) for file in files}
        self.unchanged = {file: made.read_bytes() for file, made in self.objects.items()}

    @staticmethod
    def target(test):
        return "tenterhook" if ":" in test or test == "config" else f"tests/unit/unit_{test}"

    def compile(self, file, text, directory):
        """The object, or None where it is no program. Without debug information and the place of
        the file, so that it differs only where the program does."""
        source = directory / file.replace("/", "_")
        made = source.with_suffix(".o")
        made.unlink(missing_ok=True)
        source.write_text(f'#line 1 "{file}"\n{text}', encoding="utf-8")
        words = shlex.split(self.compiles[file])
        kept = words[:words.index("-c")]
        for option in ("-MQ", "-MF", "-o"):
            while option in kept:
                place = kept.index(option)
                del kept[place:place + 2]
        kept = [word for word in kept if word not in ("-MD", "-MMD", "-g")]
        done = subprocess.run([*kept, "-O1", "-g0", "-w", "-o", made, "-c", source], cwd=self.build,
                              stderr=subprocess.DEVNULL, check=False)
        return made if done.returncode == 0 else None

    def link(self, test, made, directory):
        """The program of the test with that object in it."""
        target = self.target(test)
        program = directory / Path(target).name
        words = shlex.split(self.links[target])
        words[words.index("-o") + 1] = str(program)
        first = next(place for place, word in enumerate(words) if word.endswith(".o"))
        linker = ["-fuse-ld=lld"] if shutil.which("ld.lld") else []
        done = subprocess.run([*words[:first], str(made), *words[first:], *linker], cwd=self.build,
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)
        return program if done.returncode == 0 else None

    def run(self, test, program):
        """Whether the test passes."""
        if test.startswith("e2e:"):
            command = [sys.executable, str(ROOT / "tests/e2e" / (test[4:] + ".py"))]
        elif test == "config":
            command = [sys.executable, str(ROOT / "tests/config/run.py"), str(program)]
        else:
            command = [str(program)]
        environment = {**os.environ, "TENTERHOOK": str(program), "TENTERHOOK_QUICK": "1",
                       "SOURCE_ROOT": str(ROOT), "CK_TAP_LOG_FILE_NAME": "-",
                       "PYTHONDONTWRITEBYTECODE": "1", "TENTERHOOK_PATIENCE": "0.5"}
        if ":" not in test:
            environment["TMPDIR"] = self.files_of_tests
        process = subprocess.Popen(command, env=environment, cwd=ROOT, stdin=subprocess.DEVNULL,
                                   stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                                   start_new_session=True)
        self.running.add(process.pid)
        limit = threading.Timer(self.limits.get(test, 120), kill_session, [process.pid])
        limit.start()
        try:
            for line in process.stdout:
                if line.startswith(b"not ok "):  # Check would go on with the others
                    return False
            return process.wait() in (0, 77)
        finally:
            limit.cancel()
            kill_session(process.pid, program)
            process.wait()
            process.stdout.close()
            self.running.discard(process.pid)

    def stop(self, *_):
        """A mutant may hang: it does not outlive us."""
        for group in list(self.running):
            kill_session(group)
        sys.exit("mutation: stopped")

    def try_unchanged(self):
        """Each test passes with an object of the unchanged file, and takes so long."""
        for test in self.tests:
            file = next(file for file in self.files if test in tests_of(file))
            program = self.link(test, self.objects[file], self.directory)
            begun = time.monotonic()
            if not program or not self.run(test, program):
                sys.exit(f"mutation: unchanged, {test} fails already")
            self.limits[test] = TEST_TIMES * (time.monotonic() - begun) + TEST_SECONDS

    def judge(self, mutant):
        lines = (ROOT / mutant.file).read_text(encoding="utf-8").split("\n")
        lines[mutant.number - 1] = mutant.after
        with tempfile.TemporaryDirectory(dir=self.directory) as name:
            os.chmod(name, 0o755)
            made = self.compile(mutant.file, "\n".join(lines), Path(name))
            if not made:
                mutant.result = "not compiled"
            elif made.read_bytes() == self.unchanged[mutant.file]:
                mutant.result = "no change"
            else:
                mutant.result = "survived"
                for test in tests_of(mutant.file):  # the quick ones first
                    program = self.link(test, made, Path(name))
                    if not program or not self.run(test, program):
                        mutant.result, mutant.by = "killed", test
                        break
        return mutant


def read_rows(path):
    """{file: {key: last column}}"""
    rows, file = {}, ""
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("## "):
            file = line[3:].strip()
        row = re.fullmatch(r"\| `(\w+)` \| (.+?) \| `(.+)` \| (.+) \|", line)
        if row:
            rows.setdefault(file, {})[row[1], row[2].replace("¦", "|"), row[3]] = row[4]
    return rows


def known_survivors():
    return read_rows(SURVIVORS)


def stale_rows(name, rows_of_files):
    """Rows that no mutant has: the code has changed since."""
    for file, rows in rows_of_files.items():
        keys = {mutant.key for mutant in mutants_of(file)} if (ROOT / file).exists() else set()
        for key in rows.keys() - keys:
            yield f"{name}: {file}: no mutant is | {' | '.join(key)} |"


def report_stale(rows):
    stale = list(rows)
    print(*stale, f"mutation: {len(stale)} rows are stale", sep="\n")
    return 1 if stale else 0


def choose(options):
    files = []
    for name in options.files or sorted(options.killed or TESTS):
        path = ROOT / name
        files += sorted(str(file.relative_to(ROOT))
                        for file in path.rglob("*.c")) if path.is_dir() else [name]
    files = [file for file in files if tests_of(file)
             and not (options.unit
                      and any(":" in test or test == "config" for test in tests_of(file)))]
    chosen, random_source, known = [], random.Random(options.seed), known_survivors()
    for file in files:
        made = mutants_of(file)
        if options.killed:
            made = [mutant for mutant in made if mutant.key in options.killed[file]]
        if options.known:
            made = [mutant for mutant in made if options.known in known.get(file,
                                                                            {}).get(mutant.key, "")]
        made = random_source.sample(made, min(options.count or len(made), len(made)))
        chosen += sorted(made, key=lambda mutant: mutant.number)
    if options.sample:
        chosen = random_source.sample(chosen, min(options.sample, len(chosen)))
    return chosen


def run_all(mutants, options):
    build = (ROOT / options.build).resolve()
    if not (build / "build.ninja").exists():
        sys.exit(f"mutation: {build} is no build; meson setup {options.build} makes one")
    memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # where a sync costs nothing
    with tempfile.TemporaryDirectory(prefix="tenterhook-mutation-") as temporary, \
            tempfile.TemporaryDirectory(prefix="th-", dir=memory) as files_of_tests:
        os.chmod(temporary, 0o755)
        os.chmod(files_of_tests, 0o777)
        workshop = Workshop(build, temporary, files_of_tests,
                            sorted({mutant.file for mutant in mutants}))
        workshop.try_unchanged()
        with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
            for number, mutant in enumerate(pool.map(workshop.judge, mutants), 1):
                if options.verbose or mutant.result == "survived":
                    print(f"{number}/{len(mutants)} {mutant.result} "
                          f"{mutant.by} {mutant.file}:{mutant.number} " f"{mutant.function}: "
                          f"{mutant.operator}\n    {squeeze(mutant.after)}", flush=True)


def report(mutants, allowed):
    """The table, and what is neither killed nor explained."""
    known, unknown = known_survivors(), []
    print("\n| file | tried | not compiled | no change | killed | survived | of them explained |\n"
          "|---|---|---|---|---|---|---|")
    for file in sorted({mutant.file for mutant in mutants}):
        results = [mutant for mutant in mutants if mutant.file == file]
        count = lambda result: sum(mutant.result == result for mutant in results)
        survived = [mutant for mutant in results if mutant.result == "survived"]
        new = [mutant for mutant in survived if mutant.key not in known.get(file, {})]
        unknown += new
        print(f"| {file} | {len(results)} | {count('not compiled')} | {count('no change')} | "
              f"{count('killed')} | " f"{len(survived)} | {len(survived) - len(new)} |")
    for mutant in unknown:
        function, operator, after = mutant.key
        print(f"{mutant.file}:{mutant.number}\n| `{function}` | {operator.replace('|', '¦')} | "
              f"`{after}` | … |")
    failed = len({mutant.file for mutant in unknown})
    print(f"mutation: {len(mutants) - len(unknown)} killed or explained, {len(unknown)} survived "
          f"in {failed} files")
    return 1 if len(unknown) > allowed else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("files", nargs="*",
                        help="files or rooms; without: all that the table TESTS has")
    parser.add_argument("--count", type=int,
                        help="of each file at most so many, chosen by the seed")
    parser.add_argument("--sample", type=int, help="of all together")
    parser.add_argument("--known", metavar="TEXT",
                        help="only survivors whose reason has this text in it")
    parser.add_argument("--unit", action="store_true",
                        help="only files that unit tests alone are for")
    parser.add_argument("--allow", type=int, default=0, help="so many may survive without a reason")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--build", default="build", help="the directory of a build")
    parser.add_argument("--jobs", "-j", type=int, default=os.cpu_count() or 2)
    parser.add_argument("--killed", action="store_true",
                        help="those of killed.md, with the test that it names")
    parser.add_argument("--stale", action="store_true",
                        help="only rows of survivors.md that no mutant has any more")
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--verbose", "-v", action="store_true")
    options = parser.parse_args()
    if options.stale:
        return report_stale(stale_rows("survivors.md", known_survivors()))
    if options.killed:
        options.killed = read_rows(KILLED)
        if report_stale(stale_rows("killed.md", options.killed)):
            return 1
        for file, rows in options.killed.items():
            TESTS[file] = sorted({row.split(" | ")[0] for row in rows.values()})
    if options.known:
        for file, tests in TESTS.items():
            TESTS[file] = [test for test in tests if ":" not in test and test != "config"]
    mutants = choose(options)
    if options.list:
        for mutant in mutants:
            print(f"{mutant.file}:{mutant.number} {mutant.function}: {mutant.operator}\n    "
                  f"{mutant.after.strip()}")
        print(len(mutants), "mutants")
        return 0
    begun = time.monotonic()
    run_all(mutants, options)
    status = report(mutants, options.allow)
    print(f"# {time.monotonic() - begun:.0f} s")
    return status


if __name__ == "__main__":
    sys.exit(main())
