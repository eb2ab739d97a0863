"""init finds the certificate that certbot has for this machine, or for the host that is given, and
names it where the server can read it; without one it makes its own for that host."""
import os

from first_run import directory, make_lineage, snapshot
from harness import ensure, expect, run_program


def init(place, *arguments):
    made = run_program("init", "--directory", place, "--certificates", f"{place}/live", *arguments)
    expect(made.returncode, 0, made.stderr)
    text = snapshot(place)["tenterhook.yaml"][0].decode()
    for name in ("tenterhook.yaml", "server.crt", "server.key"):
        if os.path.exists(f"{place}/{name}"):
            os.remove(f"{place}/{name}")
    return made.stdout, text


with directory() as place:
    os.mkdir(f"{place}/live")
    open(f"{place}/live/README", "w", encoding="utf-8").close()
    make_lineage(f"{place}/live", "b.example.org-0001", "b.example.org")
    make_lineage(f"{place}/live", "wild", "*.example.net")
    for arguments, host, name in (((), "b.example.org", "b.example.org-0001"),
                                  (("--host", "x.example.net"), "x.example.net", "wild")):
        said, text = init(place, *arguments)
        ensure(f"certificate: {place}/live/{name}/fullchain.pem" in text, text)
        ensure(f"https://{host}:8443/github" in said and "self-signed" not in said, said)
    said, text = init(place, "--host", "elsewhere.example.com")
    ensure("certificate: server.crt" in text and "is self-signed" in said, said)
    ensure("--to https://localhost:8443/github --ca " in said, said)
