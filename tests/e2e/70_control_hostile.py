"""The control socket is its user's and root's alone, and garbage gets a sentence. One that a killed
server has left is replaced; ours outlives a reload and is removed at the stop."""
import os
import socket
import stat

from control import ask, connect, lines, socket_path
from harness import Server, ensure, expect, ledger, route, server_user

GARBAGE = [b"\n", b"{}\n", b"[1]\n", b"\xff\xfe\n", b'{"verb":1}\n', b'{"verb":"frob"}\n',
           b'{"verb":"status\\u0000"}\n', b'{"verb":"cancel","id":"../../etc"}\n', b"x" * 9000,
           b'{"verb":"status","journal":"/other.db"}\n', b'{"verb":"follow","runner":-1}\n',
           b'{"verb":"cancel","runner":99,"id":"01900000-0000-7000-8000-000000000000"}\n']
with Server([route(actions=[ledger()])], start=False) as server:
    with socket.socket(socket.AF_UNIX) as stale:  # nobody listens
        stale.bind(socket_path(server))
    server.start()
    mode = os.stat(socket_path(server))
    expect(stat.S_IMODE(mode.st_mode), 0o600)
    expect(mode.st_uid, server_user().pw_uid if os.geteuid() == 0 else os.geteuid())
    for raw in GARBAGE:
        answer = ask(server, raw=raw)
        ensure(len(answer) == 1 and answer[0]["end"] == "failed" and answer[0]["reason"],
               f"{raw[:40]}: {answer}")
    half = connect(server)
    half.sendall(b'{"verb":"status"}\nand more')
    half.shutdown(socket.SHUT_WR)  # as nc does
    expect(list(lines(half))[-1], {"end": "done"})
    if os.geteuid() == 0 and not os.fork():
        os.chmod(socket_path(server), 0o666)  # as if somebody had
        os.setresuid(1, 1, 1)
        os._exit(ask(server, verb="status")[0]["reason"] !=
                 "only root and the user of the server may ask")
    ensure(os.geteuid() != 0 or os.wait()[1] == 0, "another user")
    server.reload()
    expect(ask(server, verb="status")[-1], {"end": "done"}, "the next generation")
    expect(server.post("/hook", b"{}").status, 202)
    server.stop()
    ensure(not os.path.exists(socket_path(server)), "it is gone")
