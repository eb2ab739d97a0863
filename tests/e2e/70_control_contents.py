"""diff and reload say that the contents of a schema have changed, reload also those of a secret
file, and neither of them what is in it."""
import os

from harness import Server, ensure, expect, ledger, route

FIRST, SECOND = "the first secret, 24 byte", "the second secret, 25 byte"

def said(verb, code):
    result = server.tool(verb)
    expect(result.returncode, code, result.stdout + result.stderr)
    ensure(FIRST not in result.stdout and SECOND not in result.stdout, result.stdout)
    return [line.split() for line in result.stdout.splitlines()]

def changed(*files):
    text = ", ".join(f"contents of {os.path.realpath(file)}" for file in files)
    return f"the server changed: {text}".split()

with Server([route(actions=[ledger()])]) as server:
    server.secrets.update((FIRST, SECOND))
    schema = server.write("push.json", '{"$ref": "other.json"}')
    other = server.write("other.json", '{"type": "object"}')
    secret = server.write("secret", FIRST)
    os.chmod(secret, 0o600)
    server.settings["routes"][0].update(schema=schema, secret={"file": secret})
    server.write_settings()
    expect(said("reload", 0), [["route", "hook", "changed:", "secret;", "added:", "schema"],
                               ["generation", "2", "serves"]])
    expect(said("reload", 0), [["generation", "3", "serves"]])
    server.write("other.json", '{"type": "array"}')
    expect(said("diff", 1), [changed(other)])
    server.write("secret", SECOND)
    expect(said("diff", 1), [changed(other)], "a secret is not read for that")
    expect(said("reload", 0), [changed(other, secret), ["generation", "4", "serves"]])
    expect(said("diff", 0), [["nothing", "would", "change"]])
