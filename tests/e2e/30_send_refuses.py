"""`send` refuses options that a provider has no use for, and signs at the time that it is told."""
import os
import tempfile

from harness import ensure, expect, run_program

SECRET = ["--secret", "whsec_a secret that is long enough"]


def send(provider, *options):
    return run_program("send", provider, "--to", "https://localhost/", *SECRET, "--print", *options)


with tempfile.TemporaryDirectory() as directory:
    body = os.path.join(directory, "body.json")
    with open(body, "w", encoding="utf-8") as file:
        file.write('{"id": "evt_1", "type": "charge.failed"}')
    for words, said in (
            (["github", "--set", "realm=x"], 'provider github has no parameter "realm"'),
            (["gitea", "--time", "1h"], "gitea sends no time: --time is not for it"),
            (["github", "--time", "soon"], "--time needs a duration (1h, 2d)"),
            (["telegram", "--event", "x"], "telegram sends no event type: --event is not for it"),
            (["stripe", "--event", "x", "--body", body], "event type in the body: write it into"),
            (["rfc9421", "--set", "algorythm=x"], 'did you mean "algorithm"?'),
            (["github", "--set", "realm"], "--set needs NAME=VALUE"),
            (["github", "--repeat", "0"], "--repeat needs a number from 1 to 1000000"),
            (["github", "--new-key"], "github signs with a shared secret: it needs no key pair")):
        wrong = send(*words)
        ensure(wrong.returncode > 0 and said in wrong.stderr and not wrong.stdout,
               f"{words}: {wrong.stderr}")
    signed = send("stripe", "--time", "2026-11-30T14:00Z", "--body", body)
    expect((signed.returncode, signed.stderr), (0, ""))
    ensure("t=1796047200," in signed.stdout, signed.stdout)
