#!/usr/bin/env python3
"""Golden files of `tenterhook check`: run.py PROGRAM [--update] [NAME...]

bad/NAME.yaml is refused with exactly bad/NAME.expected on standard error; ok/NAME.yaml is accepted
with ok/NAME.expected (warnings), or nothing where that file is missing. A first line such as
"# exit 3" says another exit code, "# file: NAME" another file for -c. The folders are copied first,
so that modes are ours and what git cannot keep (FIFOs, NUL bytes, modes) can be made.
"""
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent

# The environment is only this; secrets of it are named in the cases.
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "SECRET": "from the environment, long enough",
    "SHORT": "short",
    "EMPTY": "",
    "LINE_END": "as echo leaves it, long enough\n",
    "BLANKS": " blanks around it, long enough",
    "PLACEHOLDER": "${WEBHOOK_SECRET}",
    "PATH_OF_IT": "/etc/of-a-file-that-is-not-there",
}

MADE = {  # what a text file under git cannot be
    "bad/bom.yaml": b"\xef\xbb\xbfversion: 1\n",
    "bad/nul.yaml": b"version: 1\nserver: \x00\n",
    "bad/latin1.yaml": b"version: 1\n# caf\xc3\xa9\nlog: {level: caf\xe9}\n",
    "bad/utf16.yaml": "version: 1\n".encode("utf-16"),
    "bad/control.yaml": b"version: 1\nlog:\n  level: \x1b[31mred\n",
    "bad/tab.yaml": b"version: 1\nserver:\n\tlisten: []\n",
    "bad/too_deep_flow.yaml": b"version: 1\nserver: " + b"[" * 20000 + b"\n",
    "bad/too_deep_block.yaml": b"- " * 20000 + b"\n",
    "bad/too_large.yaml": b"version: 1\n" + b"#" * (16 << 20) + b"\n",
    "bad/too_many.yaml": b"version: 1\nserver: [" + b"a," * 1000001 + b"]\n",
    "bad/secrets/nul": b"a secret that has a \x00 in it\n",
    "bad/secrets/empty": b"\n",
    "bad/secrets/good": b"a secret that is long enough\n",
    "bad/secrets/written": b"a secret that is long enough\n",
    "bad/secrets/others": b"a secret that is long enough\n",
    "bad/secrets/large": b"x" * (1 << 17),
    "ok/secrets/line": b"a secret that is long enough\n",
    "ok/secrets/group": b"a secret that is long enough\n",
    "ok/secrets/blank": b"a secret that is long enough \n",
    "ok/secrets/two_lines": b"a secret that is long enough\n\n",
    "ok/secrets/bom": b"\xef\xbb\xbfa secret that is long enough\n",
    "ok/secrets/crlf": b"a secret that is long enough\r\n",
    "ok/credentials/token": b"a secret that systemd hands over\n",
}

MODES = {
    "bad/secrets/written": 0o660,
    "ok/secrets/group": 0o640,
    "bad/secrets/others": 0o604,
    "bad/world_writable.yaml": 0o646,
}

DEFAULT_JOURNAL = "journal_default"  # without "journal:"; where its directory is, it is skipped


def make_pair(folder):
    folder.mkdir(exist_ok=True)
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec",
                    "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "400", "-subj",
                    "/CN=localhost", "-keyout", folder / "server.key",
                    "-out", folder / "server.crt"], check=True, stderr=subprocess.DEVNULL)
    (folder / "server.key").chmod(0o600)


def prepare(root):
    for folder in ("bad", "ok"):
        shutil.copytree(HERE / folder, root / folder)
    for name, content in MADE.items():
        (root / name).parent.mkdir(exist_ok=True)
        (root / name).write_bytes(content)
    for path in (root / "ok").glob("*.yaml"):  # whether the default directory is there is no matter
        text = path.read_text()
        if "journal" not in text and "version: 1" in text and path.stem != DEFAULT_JOURNAL:
            path.write_text(text + "journal: {path: journal.db}\n")
    for path in root.rglob("*"):
        if path.is_file():
            secret = path.parent.name in ("secrets", "credentials")
            path.chmod(0o600 if secret else 0o644)
    for name, mode in MODES.items():
        (root / name).chmod(mode)
    if os.geteuid() == 0:
        os.chown(root / "ok/secrets/group", 65534, 65534)  # of root it is right
    (root / "ok/credentials/token").chmod(0o440)  # as systemd leaves it, with an access list
    root.chmod(0o755)
    (root / "ok").chmod(0o1777)  # for journals of whomever root becomes
    make_pair(root / "ok/certs")
    make_pair(root / "bad/certs")
    (root / "bad/certs/other.key").write_bytes((root / "ok/certs/server.key").read_bytes())
    (root / "bad/certs/other.key").chmod(0o600)
    (root / "bad/certs/open.key").write_bytes((root / "bad/certs/server.key").read_bytes())
    (root / "bad/certs/open.key").chmod(0o644)
    os.mkfifo(root / "bad/fifo.yaml", 0o600)
    (root / "bad/directory.yaml").mkdir()
    loose = root / "bad/loose"
    loose.mkdir()
    shutil.copy(root / "ok/minimal.yaml", loose / "target.yaml")
    loose.chmod(0o1777)
    (root / "bad/loose_link.yaml").symlink_to("loose/target.yaml")


def options(case, folder):
    """Exit code and file of a case, from the comments at its top."""
    code, name = {"bad": 1, "ok": 0}[folder], case + ".yaml"
    source = HERE / folder / (case + ".yaml")
    for line in source.read_text().splitlines() if source.exists() else []:
        if line.startswith("# exit "):
            code = int(line.split()[2])
        elif line.startswith("# file: "):
            name = line.split()[2]
    return code, name


def run_case(program, root, folder, case):
    code, name = options(case, folder)
    environment = dict(ENVIRONMENT, CREDENTIALS_DIRECTORY=str(root / folder / "credentials"))
    done = subprocess.run([program, "check", "-c", name], cwd=root / folder, env=environment,
                          capture_output=True, timeout=10)
    stderr = done.stderr.decode(errors="replace").replace(str(root), "ROOT")
    if done.returncode != code:
        return stderr, f"exit {done.returncode}, not {code}"
    if "LITERALSECRET" in stderr:
        return stderr, "a secret is repeated"
    return stderr, None


def cases():
    made = {pathlib.Path(name).stem for name in MADE if name.endswith(".yaml")}
    made |= {"fifo", "directory", "loose_link"}
    for folder in ("bad", "ok"):
        names = {path.stem for path in (HERE / folder).glob("*.yaml")}
        if os.path.isdir("/var/lib/tenterhook"):
            print(f"# skipped: {DEFAULT_JOURNAL}, because /var/lib/tenterhook is there")
            names.discard(DEFAULT_JOURNAL)
        for case in sorted(names | (made if folder == "bad" else set())):
            yield folder, case


def expected_text(folder, case):
    path = HERE / folder / (case + ".expected")
    return path.read_text() if path.exists() else ""


def main():
    update = "--update" in sys.argv
    program = os.path.abspath(sys.argv[1])
    wanted = [argument for argument in sys.argv[2:] if argument != "--update"]
    failed = number = 0
    with tempfile.TemporaryDirectory() as directory:
        root = pathlib.Path(directory).resolve()
        prepare(root)
        for folder, case in cases():
            if wanted and case not in wanted:
                continue
            number += 1
            stderr, fault = run_case(program, root, folder, case)
            if update and stderr != expected_text(folder, case):
                (HERE / folder / (case + ".expected")).write_text(stderr)
            if stderr != expected_text(folder, case):
                fault = fault or "other messages"
            failed += bool(fault)
            print(f"{'not ok' if fault else 'ok'} {number} - {folder}/{case}" +
                  (f" # {fault}" if fault else ""))
            if fault:
                print("".join(f"# {line}\n" for line in stderr.splitlines()), end="")
    print(f"1..{number}")
    return 1 if failed or not number else 0


if __name__ == "__main__":
    sys.exit(main())
