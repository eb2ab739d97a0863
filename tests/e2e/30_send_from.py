"""`send --from` comes from that address, as lists and the log see it, and a certificate for another name is said to be one."""
import subprocess

from harness import PROGRAM, SECRET, Server, expect, ledger, route


def send(url, *options):
    return subprocess.run([PROGRAM, "send", "github", "--to", url, "--secret", SECRET, *options],
                          capture_output=True, text=True)


with Server([route(provider="github", secret=SECRET, allow=["127.0.0.5"], actions=[ledger()])],
            plain=True) as server:
    secure, plain = (address + "/hook" for address in server.addresses)
    allowed = send(plain, "--from", "127.0.0.5")
    expect((allowed.returncode, allowed.stdout[:4]), (0, "202 "), allowed.stderr)
    refused = send(plain, "--from", "127.0.0.7")
    expect((refused.returncode, refused.stdout[:4]), (1, "403 "), refused.stderr)
    expect("peer=127.0.0.5" in server.log() and "peer=127.0.0.7" in server.log(), True)
    unknown = send(plain, "--from", "192.0.2.1")
    expect((unknown.returncode, "from 192.0.2.1" in unknown.stderr), (3, True), unknown.stderr)
    named = send(secure, "--ca", server.certificate, "--from", "127.0.0.5")
    expect(named.returncode, 0, named.stderr)
    unsigned = send(secure)
    expect("--ca names who signed it" in unsigned.stderr, True, unsigned.stderr)
    other = send(secure.replace("127.0.0.1", "0"), "--ca", server.certificate)
    expect((other.returncode, "not made out to 0" in other.stderr), (3, True), other.stderr)
    server.wait_settled()
    expect(len(server.ledger()), 2)
