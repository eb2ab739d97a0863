"""verify reads what pages of GitHub and Stripe let people copy, its body laid out anew or not."""
import json
import subprocess
from urllib.parse import quote_plus

from harness import SECRET, Server, expect, route, run_program

EVENT = {"ref": "Schön & <klar> “so”", "n": [], "commits": [{"id": 1.50}]}
HEADS = "Content-Type: {}\nX-GitHub-Event: push\nX-Hub-Signature-256: sha256={}\n\n"
GITHUB = ("Headers\n\nRequest URL: https://example.org/github\n  Request method: POST\nAccept: */*"
          "\nUser-Agent: GitHub-Hookshot/0a1b2c3\n" + HEADS + "Payload\n\n{}\n")
STRIPE = "https://example.org/stripe\nStripe-Signature: t=1700000000,v1={}\nContent-Type: {}\n{}\n"
COMPACT = json.dumps(EVENT, separators=(",", ":"), ensure_ascii=False)
PRETTY, FOUR = (json.dumps(EVENT, indent=blanks, ensure_ascii=False) for blanks in (2, 4))
KIND, FORM = "application/json", "application/x-www-form-urlencoded"
THEN, MATCHES = ("--now", "1700000001"), "as the sender sent it (%s"

def mac(text):
    words = ["openssl", "dgst", "-sha256", "-hmac", SECRET, "-r"]
    return subprocess.run(words, input=text.encode(), capture_output=True).stdout.decode()[:64]

with Server([route("github"), route("small", max_body=f"{len(COMPACT.encode())}B"),
             route("stripe", provider="stripe", secret=SECRET)]) as server:
    def verify(text, status, said, *options):
        with open(server.directory + "/request", "w", encoding="utf-8", newline="") as file:
            file.write(text)
        done = run_program("verify", "-c", server.file, "--request", file.name, *options)
        expect((done.returncode, said in done.stdout), (status, True), done.stdout + done.stderr)

    page = GITHUB.format(KIND, mac(COMPACT), PRETTY)
    for copied in (page, page.replace("\n", "\r\n"), page.replace("  ", "\u00a0 "),
                   page.replace("/github", "/small")):
        verify(copied, 0, MATCHES % "compact JSON)")
    verify(GITHUB.format(FORM, mac("payload=" + quote_plus(COMPACT)), PRETTY), 0, "of a form")
    verify(page.replace("klar", "clear"), 1, "the secret may be another one")
    verify("POST /github HTTP/1.1\n" + HEADS.format(KIND, mac(COMPACT)) + PRETTY, 1, "rewrites bod")
    stripe = STRIPE.format(mac("1700000000." + PRETTY), KIND, PRETTY)
    verify(stripe, 0, "POST is assumed", *THEN)
    verify(stripe, 1, "--now UNIX_SECONDS")
    verify(stripe.replace(PRETTY, FOUR), 0, MATCHES % "JSON indented by two", *THEN)
