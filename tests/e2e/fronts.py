"""The proxies of the manual as real programs on free ports, in front of a server, with the manual's
own configuration."""
import os
import shutil

from client import Connection
from harness import skip
from manual import SECRET_FILE, blocks, replace
from programs import Program, free_port, write
from senders import github_headers

PAGE = blocks("proxies.md")
ROUTES = PAGE["A GitHub route behind nginx"]["yaml"][0]
TEXTS = {"nginx": PAGE["A GitHub route behind nginx"]["nginx"][0],
         "haproxy": PAGE["HAProxy"]["haproxy"][0],
         "apache2": PAGE["Apache"]["apache"][0], "caddy": PAGE["Caddy"]["caddy"][0]}
SEARCH = os.environ["PATH"] + ":/usr/sbin"
NGINX = """daemon off; worker_processes 1; pid @DIR@/nginx.pid; error_log stderr; user root;
events {} http { access_log off; client_body_temp_path @DIR@/b; proxy_temp_path @DIR@/p;
fastcgi_temp_path @DIR@/f; uwsgi_temp_path @DIR@/u; scgi_temp_path @DIR@/s;
"""
APACHE = """ServerName localhost
PidFile @DIR@/apache.pid
Listen 127.0.0.1:@PORT@
ErrorLog @DIR@/apache.err
DefaultRuntimeDir @DIR@
StartServers 1
""" + "".join(f"LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n"
              for name in ("mpm_event", "authz_core", "proxy", "proxy_http", "ssl", "headers"))


def nginx(text):
    return NGINX + replace(text, ("listen 443", "listen 127.0.0.1:@PORT@"),
                           ("    listen [::]:443 ssl;\n", ""),
                           ("/etc/ssl/hooks", "@DIR@/server")) + "}"


def haproxy(text):
    text = text.replace("bind :443 ssl crt /etc/haproxy/hooks.pem",
                        "bind 127.0.0.1:@PORT@ ssl crt @DIR@/hooks.pem")
    text = text.replace("bind :443", "bind 127.0.0.1:@PORT@").replace(" check",
                                                                      " check inter 200ms", 1)
    return ("global\n  log stdout format raw local0\ndefaults\n  log global\n  option "
            "log-health-checks\n" + text)


def apache2(text):
    user = "" if os.geteuid() else "User www-data\nGroup www-data\n"
    return APACHE + user + replace(text, ("*:443", "127.0.0.1:@PORT@"),
                                   ("/etc/ssl/hooks", "@DIR@/server"))


def caddy(text):
    return "{\n\tadmin off\n\tauto_https off\n}\n" + replace(text, ("hooks.example.org {", (
        "https://localhost:@PORT@ {\n\tbind 127.0.0.1\n\ttls @DIR@/server.crt @DIR@/server.key")))


KINDS = {"nginx": (nginx, ["-c", "@FILE@"]), "haproxy": (haproxy, ["-db", "-f", "@FILE@"]),
         "apache2": (apache2, ["-X", "-f", "@FILE@"]),
         "caddy": (caddy, ["run", "--adapter", "caddyfile", "--config", "@FILE@"])}


def installed():
    """The names of those that can be started here; in continuous integration all."""
    names = [name for name in KINDS if shutil.which(name, path=SEARCH)
             or os.environ.get("CI") == "true"]
    return names or skip("no proxy is installed")


def upstream(server, index=0):
    """The server's address as a proxy has it: a host and a port."""
    return server.addresses[index].partition("//")[2]


def status_of(server, to, source, body=b"{}", **headers):
    """What an event for the manual's route of GitHub gets that comes from `source`."""
    signed = github_headers(body, secret=SECRET_FILE)
    with Connection(to, server.certificate, source=source) as connection:
        return connection.request("POST", "/github", body, {**signed, **headers}).status


class Front(Program):
    """`address`: where senders connect to it. Pairs of replacements put the server's address into
    the text."""

    def __init__(self, kind, server, text, *pairs):
        make, options = KINDS[kind]
        port, pem = free_port(), os.path.join(server.directory, "hooks.pem")
        with open(pem, "w", encoding="ascii") as file:
            for path in (server.certificate, server.key):
                with open(path, encoding="ascii") as part:
                    file.write(part.read())
        self.kind, self.address = kind, f"https://localhost:{port}"
        text = replace(make(text), *pairs).replace("@DIR@", server.directory).replace("@PORT@",
                                                                                      str(port))
        path = write(server, kind + ".conf", text)
        command = [shutil.which(kind, path=SEARCH),
                   *(path if word == "@FILE@" else word for word in options)]
        super().__init__(server, command, port,
                         env={"HOME": server.directory, "XDG_CONFIG_HOME": server.directory,
                              "XDG_DATA_HOME": server.directory})
