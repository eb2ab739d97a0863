"""What a command, a shell script or a worker is given, printed by child_facts.c, beside what
docs/actions.md and docs/workers.md promise."""
import json
import os
import pwd
import re
import shutil
import subprocess

from harness import PROGRAM, SOURCE, Failure, expect, read_proc, server_user, skip, wait_until

BUILT = os.path.join(os.path.dirname(PROGRAM), "tests", "e2e", "child_facts")
NONE = "0" * 16  # a set of capabilities or signals


def only_root():
    if os.geteuid() != 0:
        skip("only root can become another user")


def action(name, *arguments, program="child_facts", **keys):
    return {"name": name, "command": [f"@OUT@/{program}", *arguments], **keys}


def shell(name, **keys):
    """Without the variables that a shell adds by itself."""
    return {"name": name, "shell": "exec env -u PWD -u OLDPWD -u SHLVL -u _ @OUT@/child_facts",
            **keys}


def worker(name, **keys):
    return {"name": name, "worker": ["@OUT@/child_facts", f"@OUT@/facts/{name}"], **keys}


def other_user():
    """One that is no server's and has nothing."""
    for name in ("daemon", "bin", "games"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            pass
    return skip("no user is here that commands could become")


def place_helper(server, name="child_facts", mode=0o755):
    """A copy of the helper, where all users may run it; with mode 4755 it is root's for all."""
    path = os.path.join(server.out, name)
    if os.path.exists(BUILT):
        shutil.copyfile(BUILT, path)
    else:  # the program lies by itself
        source = os.path.join(SOURCE, "tests", "e2e", "child_facts.c")
        subprocess.run(["cc", "-D_GNU_SOURCE", "-o", path, source], check=True)
    os.chown(path, os.geteuid(), os.getegid())
    os.chmod(path, mode)
    return path


def with_helper(server):
    """Starts it, and keeps what the helper sees if it is started as the server is."""
    command = [*server.wrapper, place_helper(server)]
    os.mkdir(f"{server.out}/facts")
    os.chmod(f"{server.out}/facts", 0o777)
    server.before = json.loads(subprocess.run(command, capture_output=True, check=True,
                                              env=server.env).stdout)
    return server.start()


def outputs(server):
    """{action: what its last attempt has written to standard output}"""
    return dict(server.query(
        "SELECT action.name, output.output FROM output JOIN delivery ON delivery.seq = "
        "output.delivery JOIN action ON action.number = delivery.action ORDER BY delivery.seq"))


def reasons(server):
    """{action: (state, reason)}"""
    rows = server.query("SELECT action.name, state, reason FROM delivery JOIN action ON "
                        "action.number = delivery.action")
    return {name: (state, reason) for name, state, reason in rows}


def workers(server):
    """The names of those of the route, which write their facts into a file."""
    return [action["name"] for action in server.settings["routes"][0]["actions"]
            if "worker" in action]


def run_all(server):
    """One event; {action: its facts}."""
    expect(server.post("/hook", b"{}", delivery="d-1").status, 202)
    server.wait_settled()
    for name, (state, reason) in reasons(server).items():
        expect(state, "done", f"{name}: {reason}")
    texts = {**outputs(server), **{name: server.read(f"facts/{name}") for name in workers(server)}}
    return {name: json.loads(text) for name, text in texts.items()}


def environment(server, name, user, passed):
    """PATH, LANG and TZ are the server's; where it is root's, HOME is that of the user."""
    own = {"HOME": user.pw_dir, "USER": user.pw_name, "LOGNAME": user.pw_name,
           "SHELL": user.pw_shell} if os.geteuid() == 0 else {}
    (event,), = server.query("SELECT id FROM event")
    always = {**{key: own.get(key, server.env.get(key)) for key in passed
                 if key in own or key in server.env},
              "TENTERHOOK_ROUTE": "hook", "TENTERHOOK_ACTION": name}
    return always if name in workers(server) else {
        **always, "TENTERHOOK_ID": event, "TENTERHOOK_EVENT": "push", "TENTERHOOK_DELIVERY": "d-1",
        "TENTERHOOK_ATTEMPT": "1", "TENTERHOOK_CLIENT": "127.0.0.1", "TENTERHOOK_METHOD": "POST",
        "TENTERHOOK_PATH": "/hook"}


def contained(server, before, seen):
    """Where the command has a cgroup: the one that it has, and which limits are the cgroup's."""
    found = re.search(r' contained cgroup=\S*/(\S+) limits="?([^"\n]*)', server.log())
    if not found:
        return {}, before
    number = re.search(r"/commands/a-1-(\d+)$", seen, re.MULTILINE)
    return set(found[2].split(", ")), re.sub(
        "^0::/?(.*)$", lambda line: f"0::/{line[1] and line[1] + '/'}{found[1]}/commands/a-1-"
        + (number[1] if number else "NUMBER"), before, flags=re.MULTILINE)


def check(server, name, seen, user=None, passed=("PATH", "HOME", "TZ", "LANG"), **changed):
    """Compares with the list: all of it, so that nothing is in it by being forgotten."""
    user = user or server_user()
    pid, before, is_worker = seen["pid"], server.before, name in workers(server)
    expect(seen["environment"].pop("TENTERHOOK_RECEIVED", "")[-1:], "" if is_worker else "Z",
           "the time")
    wanted = {
        **before,  # what the list says comes from whoever starts the server
        "pid": pid, "group": pid, "session": pid, "parent": server.processes("runner")[-1],
        "uid": [user.pw_uid] * 3, "gid": [user.pw_gid] * 3, "groups": [],
        "CapInh": NONE, "CapPrm": NONE, "CapEff": NONE, "CapAmb": NONE, "NoNewPrivs": "1",
        "SigPnd": NONE, "ShdPnd": NONE, "SigBlk": NONE, "SigIgn": NONE, "SigCgt": NONE,
        "descriptors": {"0": "pipe" if is_worker else "memory", "1": "pipe", "2": "pipe"},
        "reopened": ["", "", ""],
        "umask": "022", "death_signal": 9, "dumpable": 1, "directory": server.directory,
        "environment": environment(server, name, user, passed), **changed}
    taken, wanted["cgroup"] = contained(server, before["cgroup"], seen["cgroup"])
    wanted["limits"] = {**before["limits"], **{
        key: limit for key, limit in changed.get("limits", {}).items() if key not in taken}}
    expect(sorted(seen), sorted(wanted), f"{name}: the facts")
    for fact, value in wanted.items():
        expect([seen[fact]], [value], f"{name}: {fact}")


def rights(server, kind="Prm", role="runner"):
    """The capabilities of that process, the newest of its role, as a number."""
    status = read_proc(server.processes(role)[-1], "status")
    return int(status.split(f"Cap{kind}:\t")[1].split()[0], 16)


def wait_reason(server, name, state="dead"):
    """The reason with which that action has come to that state."""
    def found():
        reached, reason = reasons(server).get(name, ("", ""))
        return reached == state and (reason or "")
    try:
        return wait_until(found, f"{name} to be {state}")
    except Failure as failure:
        raise Failure(f"{failure}: {reasons(server)}") from None
