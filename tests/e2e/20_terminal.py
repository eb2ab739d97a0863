"""To a terminal no verb writes what it would obey; into a pipe a body goes as it came."""
import os
import socket
import subprocess
import threading

from harness import PROGRAM, Server, ensure, expect, route, script
from senders import SECRET, github_headers
from terminal import obeyed, on_terminal

BODY = '{"a":"\u009b2J\u202e\U000e0041\ufeff",\r\n\t"b":"\u007f"}'.encode()
EVIL = b"\x1b]0;owned\x07\x9b2J\x00\xc2\x9b"
LATE = 'printf "\\033[2J\\233" >&2; printf "\\033]0;x\\007"; exit 1'

def answer():
    """A server that has been taken over."""
    client = listening.accept()[0]
    client.recv(65536)
    client.sendall(b"HTTP/1.1 200 \x1b[2J\r\nX: " + EVIL + b"\r\n\r\n" + EVIL)
    client.close()

with Server([route(actions=[script(LATE)])]) as server:
    evil = {"User-Agent": "x\u009b".encode().decode("latin-1"), "X-GitHub-Event": "a\u009b"}
    event = server.post("/hook", BODY, {**github_headers(BODY), **evil}).json()["id"]
    server.wait_settled()
    for arguments in (["show", event, "--body"], ["show", event], ["show", event, "--json"],
                      ["list"], ["list", "--json"]):
        got = on_terminal("events", *arguments, "-c", server.file)
        ensure(not obeyed(got) and len(got) > 20, f"events {arguments}: {got}")
    shown = on_terminal("events", "show", event, "--body", "-c", server.file)
    expect(shown, b'{"a":"\\xc2\\x9b2J\\xe2\\x80\\xae\\xf3\\xa0\\x81\\x81\\xef\\xbb\\xbf",\r\r\n'
           b'\t"b":"\\x7f"}\r\n')
    arguments = [PROGRAM, "events", "show", event, "--body", "-c", server.file]
    expect(subprocess.check_output(arguments), BODY, "into a pipe")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        threading.Thread(target=answer, daemon=True).start()
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/"
        got = on_terminal("send", "github", "--to", url, "--secret", SECRET)
    expect(got, b"200 \\x1b]0;owned\\x07\\x9b2J\\x00\\xc2\\x9b\r\n")
    ensure(not obeyed(on_terminal("replay", "no\x1b[2J", "-c", server.file)), "replay")
