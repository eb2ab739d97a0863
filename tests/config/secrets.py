#!/usr/bin/env python3
"""What is typed where a secret belongs is never repeated: secrets.py PROGRAM

A secret is written in every way that is wrong (and some that are right) at every place that takes
one, and `check` may say of it what it likes, but not the word itself, neither in its sentence nor
in the line that it shows.
"""
import os
import subprocess
import sys
import tempfile

WORD = "hunter2Qx9Zw"

# As it stands at the place of a value; S is the word.
SHAPES = """
S|"S"|'S'|[S]|[[S]]|{S}|{S: x}|{S: }|{x: S}|{S: 1, S: 2}|{S: {a: b}}|{? S : x}|{? [S] : x}|{[S]: x}
{: S}|{<<: S}
{env: S}|{env: [S]}|{env: {S: 1}}|{env: "1 S"}|{env: 5S}|{env: S.y}|{env: S, env: S}|{env: &S x}
{env: A, S: b}
{file: S}|{file: [S]}|{file: {S: x}}|{file: S/x}|{file: /nowhere/S}|{file: *S}|{file: ""S}
{env: A, file: S}
{credential: S}|{credential: S.x}|{credential: /S}|{credential: .S}|{credential: [S]}|{enw: S}
{ENV: S}|{fil: S}
{secret: S}|{value: S}|{env:S}|{"env:S"}|[env: S]|[S, {file: none}]|[{S: 1}]|[&S x]|[*S]|[!S x]
{{S}}|{{payload.S}}
&S x|*S|!S x|!!str S|"S" 1|"S"x|[S|{S|"S|'S|@S|`S|%S|S: x: y|S]|S}|[S]]|a S: b|? S|- S|~ S|null: S
--- S|{env : S
payload.S: x: y|"payload.S" x|@payload.S|payload.S[0]|payload.a, equals: @S
"\\x00S"|"\\qS"|S\x01|S\xff|{x: 1, y: {z: [S]}}
"""

# Where one is taken (@), and where people put one.
PLACES = {
    "secret": "provider: github\n    secret: @",
    "a list": "provider: github\n    secret:\n      - {env: SECRET}\n      - @",
    "the next line": "provider: github\n    secret:\n      @",
    "misspelt": "provider: github\n    secrt: @",
    "without a colon": "provider: github\n    secret @",
    "without a blank": "provider: github\n    secret:@\n    methods: [POST]",
    "quoted": 'provider: github\n    "secret" : @',
    "bearer": "auth: {token: {bearer: @}}",
    "value": "auth: {token: {header: X-T, value: @}}",
    "value in lines": "auth:\n      token:\n        header: X-T\n        value: @",
    "value before a condition": "auth: {token: {header: X-T, value: @}}\n"
                                "    when:\n      - {value: payload.a, equals: %x}",
    "password": "auth:\n      basic:\n        user: u\n        password: @",
    "beside another": "provider: {name: github, secret: @}",
}

HEAD = """version: 1
server:
  listen: {address: "127.0.0.1:0", tls: off}
routes:
  - name: a
    path: /a
    actions: [{command: [/bin/true]}]
    """


def check(program, directory, text):
    with open(os.path.join(directory, "a.yaml"), "wb") as file:
        file.write(text.encode("latin-1"))
    done = subprocess.run([program, "check", "-c", "a.yaml"], cwd=directory, capture_output=True,
                          timeout=20, check=False,
                          env={"PATH": "/usr/bin:/bin", "SECRET": "long enough, and there",
                               "CREDENTIALS_DIRECTORY": directory})
    return done.returncode, (done.stdout + done.stderr).decode(errors="replace")


def main():
    program = os.path.abspath(sys.argv[1])
    shapes = [shape for line in SHAPES.strip().splitlines() for shape in line.split("|")]
    # it starts slowly
    places = dict(list(PLACES.items())[::4]) if os.environ.get("TENTERHOOK_SANITIZED") else PLACES
    print(f"1..{len(places)}")
    with tempfile.TemporaryDirectory() as directory:
        for number, (place, lines) in enumerate(places.items(), 1):
            faults = []
            for shape in shapes:
                written = lines.replace("@", shape.replace("S", WORD))
                code, said = check(program, directory, HEAD + written + "\n")
                if WORD in said or code not in (0, 1):
                    faults.append(f"{shape!r}: exit {code}\n{said}")
            print(f"{'not ok' if faults else 'ok'} {number} - {place}, in {len(shapes)} ways")
            for line in "\n".join(faults[:3]).splitlines():
                print("#", line)


if __name__ == "__main__":
    main()
