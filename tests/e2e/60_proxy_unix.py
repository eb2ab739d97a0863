"""A unix socket lets in the proxies alone, which are believed; a public one is warned of."""
import grp
import os
import re
import subprocess

from fronts import PAGE, ROUTES, TEXTS, Front, installed, status_of
from harness import SOURCE, ensure, expect
from manual import Manual

BLOCKS, SOCKET = PAGE["A unix socket"], "/run/tenterhook/http.sock"
ROUTE_FILE = re.sub(r"server:\n.*?(?=journal:)", lambda _: BLOCKS["yaml"][0], ROUTES, flags=re.S)
FORGED = {"X-Forwarded-For": "127.0.0.5"}
TRY = "import socket, sys; socket.socket(socket.AF_UNIX).connect(sys.argv[1])"
with open(f"{SOURCE}/docs/proxies.md", encoding="utf-8") as page:
    SAID = re.findall(r"`(\w[^`\n]*unix[@:/]/run[^`\n]*)`", page.read())
NEW = dict(zip(("haproxy", "apache2", "caddy"), SAID), nginx=BLOCKS["nginx"][0].strip())
OLD = {"nginx": "proxy_pass http://127.0.0.1:8080;", "haproxy": "server local 127.0.0.1:8080 check",
       "apache2": "ProxyPass / http://127.0.0.1:8080/ nocanon",
       "caddy": "reverse_proxy 127.0.0.1:8080"}
group = grp.getgrnam("www-data") if os.geteuid() == 0 else grp.getgrgid(os.getegid())
with Manual(ROUTE_FILE, (SOCKET, "@DIR@/http.sock"), ("www-data", group.gr_name),
            ("192.30.252.0/22", "127.0.0.5")) as server:
    path = f"{server.directory}/http.sock"
    expect((os.stat(path).st_mode & 0o777, os.stat(path).st_gid), (0o660, group.gr_gid), "access")
    if os.geteuid() == 0:
        done = subprocess.run(["/usr/bin/python3", "-c", TRY, path], user="daemon", group="daemon",
                              extra_groups=[], check=False, stderr=subprocess.DEVNULL)
        ensure(done.returncode, "a user of another group is not let in")
    for kind in installed():
        replaced = OLD[kind], NEW[kind].replace(SOCKET, path)
        with Front(kind, server, TEXTS[kind], replaced) as front:
            for source, wanted in ("127.0.0.5", 202), ("127.0.0.6", 403):
                expect(status_of(server, front.address, source, **FORGED), wanted, kind + source)
    expect({row[0] for row in server.query("SELECT client FROM event")}, {"127.0.0.5"})
    server.text = server.text.replace("0660", "0666")
    server.write_settings()
    ensure("every user of this machine can connect" in server.tool("check").stderr, "check warns")
    server.reload()
    expect(os.stat(path).st_mode & 0o777, 0o666, "the mode after a reload")
