"""check --without-secrets finds all but what needs the secrets, in a shell that has none of them, and says what it left out."""
import os
import subprocess

from harness import PROGRAM, Server, ensure, expect, route

with Server([route(name="a", secret={"env": "TH_NOT_HERE"}), route(name="b", secret={"credential": "none"}),
             route(name="c", secret={"file": "not-here"})], journal={"min_free": "16MiB"}, start=False) as server:
    plain = server.tool("check")
    expect(plain.returncode, 1, "without the secrets")
    ensure('2 secrets cannot be had here; "check --without-secrets"' in plain.stdout, plain.stdout)
    expect(plain.stderr.count("error: "), 3, plain.stderr)
    os.remove(server.key)  # as if it could not be read
    said = server.tool("check", "--without-secrets")
    expect((said.returncode, said.stderr), (0, ""), "said on standard error")
    for words in ("ok, 3 routes", "not checked: 3 secrets (", " and 1 private key"):
        ensure(words in said.stdout, f"{words}: {said.stdout}")
    server.settings["routes"][0].update(max_body="1TiB", public_url="https://elsewhere.example.org/a")
    server.settings["routes"][1].update(secret="short")
    server.settings["routes"][0].update(secret={"env": "a b"})
    server.write_settings()
    said = server.tool("check", "--without-secrets")
    expect(said.returncode, 1, "what is wrong besides")
    ensure('"max_body" must be' in said.stderr and "may be guessed" in said.stderr
           and '"env" needs the name of an environment variable' in said.stderr, said.stderr)
    serve = subprocess.run([PROGRAM, "serve", "--without-secrets"], capture_output=True, check=False)
    expect(serve.returncode, 2, "serve needs them")
print(said.stdout.splitlines()[0])
