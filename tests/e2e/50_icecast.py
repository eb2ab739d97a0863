"""Icecast's form-encoded authentication requests reach a command through tenterhook."""
import socket

from harness import Server, expect, route, script, server_user, wait_until
from programs import Program, free_port, write

CONFIG = """<icecast><hostname>localhost</hostname><limits><sources>2</sources></limits>
<authentication><source-password>source</source-password><admin-user>admin</admin-user>
<admin-password>admin</admin-password></authentication>
<listen-socket><port>%(port)d</port><bind-address>127.0.0.1</bind-address></listen-socket>
<mount><mount-name>/live</mount-name><authentication type="url"><option name="mount_add"
value="%(url)s/icecast"/><option name="mount_remove" value="%(url)s/icecast"/><option
name="username" value="ice"/><option name="password" value="%(password)s"/></authentication></mount>
<paths><basedir>%(directory)s</basedir><logdir>%(out)s</logdir>
<adminroot>/usr/share/icecast2/admin</adminroot><webroot>/usr/share/icecast2/web</webroot></paths>
<logging><accesslog>-</accesslog><errorlog>-</errorlog><loglevel>3</loglevel></logging></icecast>"""
SOURCE = (b"SOURCE /live HTTP/1.0\r\nAuthorization: Basic c291cmNlOnNvdXJjZQ==\r\nContent-Type: "
          b"audio/mpeg\r\n\r\n")
PASSWORD = "a-password-that-is-long"

def lived(server, icecast):
    """Streams for a moment; false if it crashed of its own, as Icecast 2.4.4 does at times."""
    with icecast, socket.create_connection(("127.0.0.1", icecast.port)) as source:
        source.sendall(SOURCE)
        for form in (b"action=mount_add&mount=%2flive", b"action=mount_remove"):
            wait_until(lambda: form in server.read("forms") or icecast.crashed(), form, 20)
            source.close()  # after the first
        return not icecast.crashed()

with Server([route("icecast", auth={"basic": {"user": "ice", "password": PASSWORD}},
                   content="form", actions=[script('cat >>"$OUT/forms"; echo >>"$OUT/forms"')])],
            plain=True) as server:
    server.secrets.add(PASSWORD)
    port = free_port()
    file = write(server, "icecast.xml", CONFIG % {"port": port, "url": server.addresses[
        1], "out": server.out, "directory": server.directory, "password": PASSWORD})
    command = ["icecast2", "-c", file]
    expect(any(lived(server, Program(server, command, port, server_user().pw_uid))
               for _ in range(3)), True, "it lived")
print("a stream's begin and end came as forms and reached their commands")
