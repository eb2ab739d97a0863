"""An nginx of one's own in front of a server, with kept connections to it."""
import os
import subprocess
from socket import create_connection, create_server

from harness import wait_until

NGINX = """daemon off; worker_processes 1; pid {d}/nginx.pid; error_log {d}/nginx.err; user root;
events {{}} http {{ access_log off; client_body_temp_path {d}/b; proxy_temp_path {d}/p; fastcgi_temp_path {d}/f;
uwsgi_temp_path {d}/u; scgi_temp_path {d}/s; upstream up {{ server {up}; keepalive 4; }}
server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://up; proxy_http_version 1.1;
proxy_set_header Connection ""; proxy_set_header Host $host; }} }} }}"""


class Nginx:
    """Gives its address; is gone at the end."""

    def __init__(self, server):
        with create_server(("127.0.0.1", 0)) as free:
            self.port = free.getsockname()[1]
        self.file = os.path.join(server.directory, "nginx.conf")
        with open(self.file, "w", encoding="ascii") as file:
            up = server.addresses[1].partition("//")[2]
            file.write(NGINX.format(d=server.directory, port=self.port, up=up))

    def listens(self):
        try:
            create_connection(("127.0.0.1", self.port)).close()
        except OSError:
            return False
        return True

    def __enter__(self):
        self.process = subprocess.Popen(["nginx", "-c", self.file], stderr=subprocess.DEVNULL)
        wait_until(self.listens, "nginx to listen")
        return f"http://127.0.0.1:{self.port}"

    def __exit__(self, *_):
        self.process.terminate()
        self.process.wait()
