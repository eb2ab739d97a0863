"""The page "Programs that read pipes": its readers get every push, over restarts of the server and
of a reader, and from a server in a mount namespace of its own, as in a container."""
import os
import re
import shutil
import subprocess

from cookbook import Page
from harness import ensure, wait_until

MOUNTED = 'mount --bind "$PWD" /mnt && exec "$0" serve -c /mnt/tenterhook.yaml'
with Page("pipes", ("/etc/tenterhook", "@DIR@"), start=False) as server:
    server.shell(server.commands[0] + "touch words.log fields.log events.log")
    server.own()
    server.start()
    unit = re.search("ExecStart=(.*)", server.text("read-events.service"))[1].split()
    commands = {"words.log": ["./read-words.sh"], "events.log": unit}
    if shutil.which("node"):
        commands["fields.log"] = ["node", "read-fields.mjs"]
    readers = {log: subprocess.Popen(commands[log], cwd=server.directory) for log in commands}

    def push(times, logs=tuple(commands)):
        ensure(server.shell(server.commands[1]).startswith("202 "), "a push")
        for log in logs:
            wait_until(lambda: server.text(log).count("main") == times, log)
    push(1)
    said = server.shell(server.commands[2])
    for text in ("main: Water\nthe garden\n", '"message":"Water\\nthe garden"}'):
        ensure(text in said or len(readers) < 3, f"{text} in {said}")
    server.stop()  # a container sees the directory through a mount of its own
    if os.geteuid() == 0:
        server.wrapper = ["unshare", "-m", "sh", "-c", f"cd {server.directory} && {MOUNTED}"]
    server.start()
    readers["events.log"].kill()
    push(2, [log for log in readers if log != "events.log"])
    readers["events.log"].wait()
    readers["events.log"] = subprocess.Popen(unit, cwd=server.directory)
    push(3)
    [(reader.kill(), reader.wait()) for reader in readers.values()]
