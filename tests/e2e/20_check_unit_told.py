"""A check by root of the file that the installed unit runs with says how to check as the unit does;
one of another file does not, nor one where the unit runs as root."""
from facts import only_root
from harness import Server, ensure, route
from units import USER, check_in, give, in_own_run

only_root()
UNIT = "systemd/system/tenterhook.service"
WORDS = (f'tenterhook.service runs as {USER.pw_name}: "tenterhook check --unit tenterhook" checks '
         "as it does\n")

with Server([route()], start=False, journal={"min_free": "16MiB"}) as server:
    give(server)
    command = f"[Service]\nExecStart=/x/tenterhook serve -c {server.file}\n"
    run = in_own_run(server.directory, {UNIT: f"{command}User={USER.pw_name}\n"})
    code, said = check_in(run, "-c", server.file)
    ensure(code == 0 and WORDS in said, said)
    code, said = check_in(run, "-c", server.file, "--unit", "tenterhook")
    ensure(code == 0 and WORDS not in said, said)
    with open(f"{server.directory}/other.yaml", "w", encoding="utf-8") as file:
        file.write("version: 1\n")
    code, said = check_in(run, "-c", file.name)
    ensure(code == 1 and WORDS not in said, said)
    code, said = check_in(in_own_run(server.directory, {UNIT: command}), "-c", server.file)
    ensure(code == 0 and "tenterhook.service" not in said, said)
