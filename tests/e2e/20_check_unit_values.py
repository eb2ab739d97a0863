"""check --unit takes variables and credentials as systemd does, and encrypted ones to be there.
What it does not look at, or understand, it says; never the value of a variable."""
from facts import only_root
from harness import SECRET, Server, ensure, expect, route
from units import check_in, in_own_run

only_root()
KINDS = ("env", "env", "env", "credential", "credential", "credential", "credential")
with Server([route(f"r{i}", secret={kind: f"TH_{i}"}) for i, kind in enumerate(KINDS)],
            start=False, journal={"min_free": "16MiB"}) as server:
    run = in_own_run(server.directory, {
        "x/a.env": f"TH_0=\"{SECRET}\\\n\\\"$'\"\nexport TH_9=1\nTH_1=short",
        "credstore/TH_3": SECRET,
        "x/b.env": f"TH_1='{SECRET}'\\\nx # no comment\n",
        "x/x.service": "[Service]\nInaccessiblePaths=/dev/shm\nEnvironmentFile=%t/x/*.env\n"
                       "EnvironmentFile=-/run/none\n"
                       f'Environment="TH_2={SECRET}\\x21" GONE=1\nUnsetEnvironment=GONE\n'
                       "LoadCredential=TH_3\nLoadCredential=none\n"
                       f"LoadCredential=TH_4:/run/none\nSetCredential=TH_4:{SECRET}\\x00\\n\n"
                       "LoadCredentialEncrypted=TH_5:/x\nSetCredentialEncrypted=TH_6: AAAA\n",
        "x/more.service": f"[Service]\nEnvironment=TH_2={SECRET}%q\nEnvironment=A=\"{SECRET}\n"
                          "RootDirectory=/srv\nReadWritePaths=%q/x\nEnvironmentFile=x/a.env\n"
                          "EnvironmentFile=/run/*.no\n",
        "x/user.service": "[Service]\nUser=%i\nSupplementaryGroups=0 4711\n"})
    code, said = check_in(run, "--unit", "/run/x/x.service", "-c", server.file)
    expect(code, 0, said)
    for words in ("note: the credential TH_5 is taken to be there: it is encrypted",
                  "note: the credential TH_6 is", "not checked: 2 secrets (",
                  "LoadCredential=TH_3: every user can read /run/credstore/TH_3"):
        ensure(words in said, f"{words}: {said}")
    code, said = check_in(run, "--unit", "/run/x/more.service", "-c", server.file)
    expect(code, 3, said)
    for words in ("RootDirectory=/srv is not looked at", "note: Environment= is passed over: %q",
                  "ReadWritePaths=%q/x is passed over: %q", "EnvironmentFile=x/a.env is passed",
                  "note: Environment= is passed over from a quote",
                  "EnvironmentFile=: cannot open /run/*.no"):
        ensure(words in said and SECRET not in said, f"{words}: {said}")
    code, said = check_in(run, "--unit", "/run/x/user.service", "-c", server.file)
    ensure(code == 3 and 'no user ""' in said, said)
