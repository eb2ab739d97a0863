"""A proxy of one's own in front of a server, with kept connections to it: nginx or HAProxy."""
import os
import shutil
import subprocess
from socket import create_connection, create_server, inet_aton

from harness import wait_until

NGINX = """daemon off; worker_processes 1; pid {d}/nginx.pid; error_log {d}/nginx.err; user root;
events {{}} http {{ access_log off; client_body_temp_path {d}/b; proxy_temp_path {d}/p;
fastcgi_temp_path {d}/f; uwsgi_temp_path {d}/u; scgi_temp_path {d}/s;
upstream up {{ server {up}; keepalive 4; }} server {{ listen 127.0.0.1:{port}; location / {{
proxy_pass http://up; proxy_http_version 1.1; proxy_set_header Connection "";
proxy_set_header Host $host; }} }} }}"""

HAPROXY = """global
  maxconn 64
defaults
  mode http
  option http-keep-alive
  http-reuse always
  timeout connect 2s
  timeout client 5s
  timeout server 5s
listen all
  bind 127.0.0.1:{port}
  server up {up}
"""

KINDS = {"nginx": (NGINX, ["-c"]), "haproxy": (HAPROXY, ["-db", "-f"])}


def installed():
    """The names of those that can be started here."""
    return [name for name in KINDS if shutil.which(name, path=os.environ["PATH"] + ":/usr/sbin")]


class Proxy:
    """Gives its address; is gone at the end."""

    def __init__(self, name, server):
        self.name, (text, self.options) = name, KINDS[name]
        with create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.file = os.path.join(server.directory, name + ".conf")
        with open(self.file, "w", encoding="ascii") as file:
            up = server.addresses[1].partition("//")[2]
            file.write(text.format(d=server.directory, port=self.port, up=up))

    def listens(self):
        try:
            create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True

    def __enter__(self):
        program = shutil.which(self.name, path=os.environ["PATH"] + ":/usr/sbin")
        self.process = subprocess.Popen([program, *self.options, self.file],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wait_until(self.listens, f"{self.name} to listen")
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()


# ---- the PROXY header, version 2 ----

V2 = b"\r\n\r\n\0\r\nQUIT\n"


def binary(client, extensions=b""):
    """That a client with this IPv4 address has connected to 127.0.0.1:443."""
    addresses = inet_aton(client) + b"\x7f\0\0\1\0\x09\1\xbb" + extensions
    return V2 + b"\x21\x11" + len(addresses).to_bytes(2, "big") + addresses
