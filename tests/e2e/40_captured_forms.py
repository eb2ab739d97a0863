"""The page "A captured request": what `send --print` and `curl -v` write is taken by verify, and a
payload that is laid out anew is not."""
import shutil
import subprocess

from harness import Server, ensure, expect, route, run_program

with Server([route("github")]) as server:
    body = server.directory + "/event.json"
    with open(body, "w", encoding="utf-8") as file:
        file.write('{"n":1}')

    def verify(text, *options):
        with open(server.directory + "/request", "w", encoding="utf-8") as file:
            file.write(text)
        return run_program("verify", "-c", server.file, "--request", file.name, *options)

    secret = sorted(server.secrets)[0]
    sent = run_program("send", "github", "--to", server.addresses[0] + "/github", "--secret",
                       secret, "--event", "push", "--body", body, "--print").stdout
    expect(verify(sent).returncode, 0, sent)
    head = sent.replace("\r\n", "\n").replace("Content-Length: 7\n", "").partition("\n\n")[0]
    head += "\n\n"
    expect(verify(head, "--body", body).returncode, 0, "lines that end in LF, and a body")
    expect(verify(head + '{"n": 1}').returncode, 1, "laid out anew")
    if shutil.which("curl"):
        lines = head.splitlines()
        signed = [word for line in lines if line.startswith("x-") for word in ("-H", line)]
        said = subprocess.run(["curl", "-v", "-k", "--data-binary", "@" + body, *signed, "-H",
                               "Content-Type: application/json", server.addresses[0] + "/github"],
                              capture_output=True, text=True, check=True).stderr
        done = verify(said, "--body", body)
        expect((done.returncode, "--body FILE" in done.stdout), (0, False), done.stdout)
        ensure("--body FILE" in verify(said).stdout, "a note that the body is missing")
