"""check --unit NAME finds a unit, its template and all drop-ins as systemd does, and the route file
that its command names."""
from facts import only_root
from harness import SECRET, Server, ensure, expect, route
from units import USER, check_in, give, in_own_run

only_root()
CONTROL, SYSTEM, GENERATOR = [f"systemd/{name}" for name in
                              ("system.control", "system", "generator")]

def variable(name, value=SECRET):
    return f"[Service]\nEnvironment={name}={value}\n"

with Server([route(f"r{i}", secret={"env": f"TH_{i}"}) for i in range(6)], start=False,
            journal={"min_free": "16MiB"}) as server:
    give(server)
    run = in_own_run(server.directory, {
        f"{SYSTEM}/th-a@.service": f"{variable('TH_0')}User={USER.pw_name}\nExecStart=/x/y serve "
                                   f"\\\n# more\n-c {server.directory}/%i.yaml\n",
        f"{SYSTEM}/th-a@.service.d/10.conf": variable("TH_1", "wrong"),
        f"{CONTROL}/th-a@tenterhook.service.d/10.conf": variable("TH_1"),  # the one that counts
        f"{GENERATOR}/th-@.service.d/20.conf": variable("TH_2"),
        f"{SYSTEM}/th-@tenterhook.service.d/30.conf": variable("TH_3"),
        f"{SYSTEM}/service.d/40.conf": variable("TH_4"),
        f"{SYSTEM}/service.d/10.conf": variable("TH_1", "wrong"),
        f"{SYSTEM}/th-a@.service.d/09.conf": variable("TH_5", "short"),
        f"{SYSTEM}/th-a@.service.d/50.conf": variable("TH_5"),  # the last one stands
        f"{SYSTEM}/th-a@.service.d/60.conf": None,
        f"{GENERATOR}/th-a@.service.d/60.conf": "[Service]\nEnvironment=\n",  # is masked
        f"{SYSTEM}/th-masked.service": None})
    code, said = check_in(run, "--unit", "th-a@tenterhook")
    expect(code, 0, said)
    code, said = check_in(run, "--unit", "th-a@other.service")
    ensure(code == 3 and "/other.yaml" in said, said)
    code, said = check_in(run, "--unit", "th-a@other", "-c", server.file)
    expect(code, 1, said)
    code, said = check_in(run, "--unit", "th-masked")
    ensure(code == 3 and "is masked" in said, said)
