"""`send` says what is sent as it is and hardly meant so: a provider or an event that is misspelt, a
body that is neither JSON nor a form. An empty TENTERHOOK_CONFIG is none."""
import os
import tempfile

from harness import ensure, expect, run_program


def send(provider, *options):
    return run_program("send", provider, "--to", "https://localhost/", "--secret",
                       "a secret that is long enough", "--print", *options)


with tempfile.TemporaryDirectory() as directory:
    wrong = send("githib")
    ensure(wrong.returncode == 1 and 'did you mean "github"?' in wrong.stderr, wrong.stderr)
    near = 'note: github is not known to send "pusch", did you mean "push"?\n'
    form = "note: the body is neither JSON nor a form; it is sent as a form\n"
    for body, event, said in (("hello", "push", form), ("{}", "pusch", near), ("a=b", "push", ""),
                              ("[]", "unheard_of", "")):
        path = os.path.join(directory, "body")
        with open(path, "w", encoding="utf-8") as file:
            file.write(body)
        sent = send("github", "--event", event, "--body", path)
        expect((sent.returncode, sent.stderr), (0, said), body)
        ensure(sent.stdout.endswith(body), sent.stdout)
checked = run_program("check", env={**os.environ, "TENTERHOOK_CONFIG": ""})
ensure("cannot open :" not in checked.stderr, checked.stderr)
bare = run_program("check", "none.yaml")
expect((bare.returncode, "did you mean -c none.yaml?" in bare.stderr), (2, True), bare.stderr)
