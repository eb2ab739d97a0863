"""`check` warns, at their place, of rights and limits that the process which runs it could not give
either."""
import subprocess
import tempfile

from harness import PROGRAM, expect

TEXT = """version: 1
server: {listen: {address: "127.0.0.1:0", tls: off}, cgroup: off}
journal: {path: journal.db}
routes:
  - name: a
    path: /a
    auth: {none: true}
    actions:
      - {name: sudo, shell: ":", no_new_privs: false}
      - {name: files, shell: ":", limits: {files: 65, cpu: 2h}}
      - {name: memory, shell: ":", limits: {memory: 1GiB}}
"""
CASES = (
    (["setpriv", "--no-new-privs"], ":9:48: warning: this process was started with no_new_privs"),
    (["prlimit", "--nofile=64:64"], ':10:43: warning: "files" is more than this process may have '
                                    "itself (64)"),
    (["prlimit", "--cpu=7199"], ':10:43: warning: "cpu" is more than this process may have itself'),
    (["prlimit", "--nofile=65:65"], None),
    (["env"], ':11:44: warning: "memory" is the address space of each process because'),
)

with tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
    file.write(TEXT)
    file.flush()
    for wrapper, warning in CASES:
        done = subprocess.run([*wrapper, PROGRAM, "check", "-c", file.name], capture_output=True,
                              text=True, timeout=60, check=False)
        expect(done.returncode, 0, done.stderr)
        expect(warning in done.stderr if warning else "itself" not in done.stderr, True,
               f"{wrapper}: {done.stderr}")
