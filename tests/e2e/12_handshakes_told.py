"""HTTP on a TLS port is answered 400; the log says in plain words why a handshake failed."""
import re
import socket
import ssl
import warnings

from harness import Server, ensure, route, wait_until

warnings.simplefilter("ignore", DeprecationWarning)


def plain(server, data):
    with socket.create_connection(server.addresses[0][len("https://"):].split(":"), 10) as client:
        client.sendall(data)
        return b"".join(iter(lambda: client.recv(4096), b"")).decode("latin-1")


def shake(server, name="localhost", ca=None, version=None):
    context = ssl.create_default_context(cafile=ca)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if version:
        context.minimum_version = context.maximum_version = version
    try:
        with socket.create_connection(server.addresses[0][len("https://"):].split(":"), 10) as client:
            context.wrap_socket(client, server_hostname=name).close()
    except (ssl.SSLError, OSError):
        pass


with Server([route()]) as server:
    for request in (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", b"G", b"POST /hook HTTP/1.1\r\n\r\n" + b"x" * 300000):
        answer = plain(server, request)
        ensure(answer.startswith("HTTP/1.1 400 ") and answer.endswith('"this port speaks TLS: use https, not http"}'), answer)
    told = {"plain HTTP on a port": lambda: plain(server, b"G"), "the data is not TLS": lambda: plain(server, b"\0\1\2 no TLS"),
            "unknown_ca": lambda: shake(server), "bad_certificate": lambda: shake(server, "elsewhere", server.certificate),
            "no version of TLS": lambda: shake(server, version=ssl.TLSVersion.TLSv1_1)}
    for words, attempt in told.items():  # again and again, as five lines a second are written
        wait_until(lambda: attempt() or re.search(f'handshake_failed peer=127.0.0.1 reason="[^"]*{words}', server.log()), words)
    print(*sorted(set(re.findall('handshake_failed .* reason="(.*?)"', server.log()))), sep="\n")
