"""A new certificate is served after SIGHUP, while connections that are open stay as they are."""
import os
import ssl

import client
from harness import Server, ensure, expect, ledger, make_certificate, route
from senders import github_headers


def served():
    with server.raw(0) as raw:
        return raw.socket.getpeercert(binary_form=True)


def file_as_der(path):
    with open(path) as file:
        return ssl.PEM_cert_to_DER_cert(file.read())


with Server([route(actions=[ledger()])]) as server:
    before = served()
    expect(before == file_as_der(server.certificate), True, "the first certificate")
    with server.connect() as open_before:
        expect(open_before.request("POST", "/hook", b"{}", github_headers(b"{}")).status, 202)
        fresh = make_certificate(server.directory, "fresh")
        os.replace(fresh[0], server.certificate)
        os.replace(fresh[1], server.key)
        open_before.send(b"POST /hook HTTP/1.1\r\n")  # under way while the generations change
        server.reload()
        client.CONTEXTS.clear()  # trust the new one
        after = served()
        ensure(after != before and after == file_as_der(server.certificate),
               "the new certificate is served")
        rest = "".join(f"{name}: {value}\r\n" for name, value in github_headers(b"{}").items())
        open_before.send(f"Host: localhost\r\nContent-Length: 2\r\n{rest}\r\n{{}}".encode())
        expect(open_before.answer().status, 202, "the request that was under way")
    expect(server.post("/hook", b"{}").status, 202)
    server.wait_settled()
    expect(len(server.ledger()), 3)
print("the new generation serves the new certificate; a request under way was answered 202")
