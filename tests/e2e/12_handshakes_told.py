"""HTTP on a TLS port is answered 400; the log says in plain words why a handshake failed."""
import re
import ssl

from harness import Server, ensure, route, wait_until


def plain(server, data):
    with server.raw(0, handshake=False) as raw:
        return raw.send(data).read_all().decode("latin-1")


def shake(server, name="localhost", ca=None, version=None):
    context = ssl.create_default_context(cafile=ca)
    context.set_ciphers("DEFAULT:@SECLEVEL=0")
    if version:
        context.minimum_version = context.maximum_version = version
    try:
        with server.raw(0, handshake=False) as raw:
            context.wrap_socket(raw.socket, server_hostname=name).close()
    except (ssl.SSLError, OSError):
        pass


with Server([route()]) as server:
    for request in b"GET / HTTP/1.1\r\nHost: x", b"G", b"POST / HTTP/1.1\r\n\r\n" + b"x" * 300000:
        ensure(re.match('HTTP/1.1 400 (.|\n)*"this port speaks TLS: use https, not http"}$',
                        plain(server, request)), request[:9])
    told = {"plain HTTP on a port": lambda: plain(server, b"G"),
            "the data is not TLS": lambda: plain(server, b"\0\1\2 no TLS"),
            "unknown_ca": lambda: shake(server),
            "bad_certificate": lambda: shake(server, "elsewhere", server.certificate),
            "no version of TLS": lambda: shake(server, version=ssl.TLSVersion.TLSv1_1)}
    for words, attempt in told.items():  # again and again, as five lines a second are written
        line = f'handshake_failed peer=127.0.0.1 reason="[^"]*{words}'
        wait_until(lambda: attempt() or re.search(line, server.log()), words)
