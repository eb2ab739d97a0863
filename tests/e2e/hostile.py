"""Values that a sender might choose so that somebody obeys them, and a command that tells what it
was given, byte for byte."""
import json
import os

from harness import ensure, expect

ESCAPES = ["\x1b[2J\x1b]0;title\x07", "\x9b31mC1\x9d0;t\x9c",
           "\u202eabc\u2066\u200b\ufeff\u2028\x85"]
TEXTS = [
    "", " ", "plain", "ünï ☃ 𝄞", "x" * 100000, *ESCAPES, "a\nb", "a\r\nb", "\t\v\f\b\x7f",
    # for a shell, or for a program with options
    "$(touch @OUT@/run)", "`touch @OUT@/run`", "; touch @OUT@/run #", "| touch @OUT@/run",
    "&& touch @OUT@/run", "'\"\\'", "\\$IFS", "*", "~", "() { :;}; touch @OUT@/run", "-rf",
    "--upload-pack=touch @OUT@/run", "@/etc/passwd", "LD_PRELOAD=/tmp/x.so", "PATH=/tmp",
    # for what reads templates, formats, paths, HTTP, YAML, JSON, SQL, HTML
    "{{payload.other}}", "{{secret}}", "{{event.id | json}}", "{literal: x}", "{{", "}}",
    "%s%n%99999d%p", "%00", "%2e%2e%2f", "../../etc", "/etc/passwd", ".", "..",
    "a\r\nX-Evil: 1\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", "!!python/object:x", "&a [*a]", "- a: b\n- c",
    "null", "true", "0x10", "1e999", "9" * 5000, "\"}\n{\"id\":\"forged\"}",
    "' OR 1=1; DROP TABLE event; --", "<script>alert(1)</script>"]
NUL = ["\0", "a\0b", "a" * 200 + "\0"]  # no argument, variable or header can hold one
BYTES = [b"\xff\xfe", b"caf\xe9", b"\xc0\xaf..", b"\xed\xa0\x80", b"\xf4\x90\x80\x80", b"a\x80b"]

# Everything that a process is given, as JSON in @OUT@/ID.
SHOW = """import os, sys, json, atexit
text = lambda given: os.fsencode(given).decode('latin-1')
with open('@OUT@/' + os.environ['TENTERHOOK_ID'] + '.new', 'w') as out:
    json.dump({'argv': [text(a) for a in sys.argv[1:]], 'cwd': text(os.getcwd()),
               'stdin': sys.stdin.buffer.read().decode('latin-1'),
               'env': {text(k): text(v) for k, v in os.environ.items()},
               'file': open(os.environ.get('TENTERHOOK_BODY_FILE') or '/dev/null', 'rb').read()
                       .decode('latin-1')}, out)
os.rename(out.name, out.name[:-4])"""


def shown(*arguments, **keys):
    """A command action that tells what it was given."""
    return {"command": ["python3", "-ISc", SHOW, *arguments], "allow_dash": True,
            "retry": {"attempts": 1}, **keys}


def texts(server):
    """The corpus, with the server's directory in it: nothing may appear there as `run`."""
    return [text.replace("@OUT@", server.out) for text in TEXTS]


def given(server, event, what):
    """What the command of that event was given, as bytes."""
    with open(os.path.join(server.out, event), encoding="ascii") as file:
        said = json.load(file)[what]
    if isinstance(said, list):
        return [one.encode("latin-1") for one in said]
    if isinstance(said, dict):
        return {name: value.encode("latin-1") for name, value in said.items()}
    return said.encode("latin-1")


def check_nothing_ran(server):
    ensure(not os.path.exists(os.path.join(server.out, "run")), "a value was obeyed")
    expect(server.count("delivery", "state <> 'done'"), 0, "deliveries that have failed")
