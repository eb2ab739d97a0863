"""A reload reads what Kubernetes swaps by one link: route file, secrets and certificate."""
import os

from harness import Server, expect, make_certificate, route
from senders import github_headers


def publish(server, name, secret):
    """The files in a new directory, and the link turned to it in one step."""
    directory = os.path.join(server.mount, ".." + name)
    os.mkdir(directory)
    make_certificate(directory, "tls", name)
    server.settings["server"]["listen"][0]["tls"] = {"certificate": "tls.crt", "key": "tls.key"}
    server.settings["routes"] = [route(name, path="/hook", secret={"file": "secret"})]
    server.file = os.path.join(directory, "tenterhook.yaml")
    server.write_settings()
    server.file = os.path.join(server.mount, "tenterhook.yaml")
    server.certificate = os.path.join(directory, "tls.crt")
    os.chmod(server.write(os.path.join(directory, "secret"), secret), 0o400)
    os.symlink(".." + name, os.path.join(server.mount, "..data_tmp"))
    os.rename(os.path.join(server.mount, "..data_tmp"), os.path.join(server.mount, "..data"))


def answers(server):  # with the certificate that was published last: what each secret gets
    return [server.post("/hook", b"{}", github_headers(b"{}", secret=secret)).status
            for secret in (OLD, NEW)]


OLD, NEW = "the first secret of them", "the second secret of them"
with Server([], start=False) as server:
    server.mount = server.make_directory("mount")
    publish(server, "first", OLD)
    for name in ("tenterhook.yaml", "secret", "tls.crt", "tls.key"):
        os.symlink("..data/" + name, os.path.join(server.mount, name))
    expect(answers(server.start()), [202, 401], "before")
    publish(server, "second", NEW)
    server.reload()
    server.wait_log("generation_left generation=1")  # its listeners accept until then
    expect(answers(server), [401, 202], "after")
    expect(server.query("SELECT route FROM event ORDER BY 1"), [("first",), ("second",)])
