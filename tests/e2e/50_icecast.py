"""Icecast's form-encoded authentication requests reach a command through tenterhook."""
import socket

from harness import Server, expect, route, script, server_user, wait_until
from programs import Program, free_port, write

CONFIG = """<icecast><hostname>localhost</hostname>
<limits><sources>2</sources></limits><authentication><source-password>source</source-password>
<admin-user>admin</admin-user><admin-password>admin</admin-password></authentication>
<listen-socket><port>%(port)d</port><bind-address>127.0.0.1</bind-address></listen-socket>
<mount><mount-name>/live</mount-name><authentication type="url">
<option name="mount_add" value="%(url)s/icecast"/><option name="mount_remove" value="%(url)s/icecast"/>
<option name="username" value="ice"/><option name="password" value="a-password-that-is-long"/></authentication></mount>
<paths><basedir>%(directory)s</basedir><logdir>%(out)s</logdir><webroot>/usr/share/icecast2/web</webroot>
<adminroot>/usr/share/icecast2/admin</adminroot></paths>
<logging><accesslog>-</accesslog><errorlog>-</errorlog><loglevel>3</loglevel></logging></icecast>
"""
SOURCE = b"SOURCE /live HTTP/1.0\r\nAuthorization: Basic c291cmNlOnNvdXJjZQ==\r\nContent-Type: audio/mpeg\r\n\r\n"
with Server([route("icecast", auth={"basic": {"user": "ice", "password": "a-password-that-is-long"}}, content="form",
                   actions=[script('cat >>"$OUT/forms"; echo >>"$OUT/forms"')])], plain=True) as server:
    server.secrets.add("a-password-that-is-long")
    port = free_port()
    file = write(server, "icecast.xml", CONFIG % {"port": port, "url": server.addresses[1], "directory": server.directory,
                                                  "out": server.out})
    with Program(server, ["icecast2", "-c", file], port, user=server_user().pw_uid):
        with socket.create_connection(("127.0.0.1", port)) as stream:
            stream.sendall(SOURCE)
            expect(b" 200 OK" in stream.recv(200), True, "the source is taken")
            wait_until(lambda: b"action=mount_add&mount=%2flive" in server.read("forms"), "the form of the mount", 20)
        wait_until(lambda: b"action=mount_remove" in server.read("forms"), "the form of its end", 20)
print("a stream's begin and end came as forms and reached their commands")
