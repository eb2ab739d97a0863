"""The control socket of a server, as a program of its operator uses it."""
import base64
import json
import os
import socket


def socket_path(server):
    return os.path.join(server.state, "journal.db.control")


def connect(server, seconds=30):
    client = socket.socket(socket.AF_UNIX)
    client.settimeout(seconds)
    client.connect(socket_path(server))
    return client


def lines(client):
    """Each line as it comes; ends with the connection."""
    with client, client.makefile("rb") as file:
        try:
            for line in file:
                yield json.loads(line)
        except ConnectionResetError:  # it was closed before all of the request was read
            pass


def ask(server, raw=None, **request):
    """All lines of the answer to a request, or to raw bytes."""
    client = connect(server)
    try:
        client.sendall(json.dumps(request).encode() + b"\n" if raw is None else raw)
    except BrokenPipeError:  # it was turned away before it asked
        pass
    return list(lines(client))


def output_of(answer, stream="output"):
    return b"".join(base64.b64decode(line["base64"]) for line in answer
                    if line.get("stream") == stream)
