"""`replay` runs what its options choose and nothing else; a route that is nowhere is an error."""
from harness import Server, ensure, expect, route, script

fails = lambda name: script(f'echo "$TENTERHOOK_ROUTE $TENTERHOOK_ACTION" >>"$OUT/ran"; exit 1',
                            name=name)
with Server([route("one", actions=[fails("a"), fails("b")]), route("two", actions=[fails("a")]),
             route("new", actions=[fails("a")])]) as server:
    def replayed(words, status=0):
        server.wait_settled()
        before = len(server.read("ran").splitlines())
        said = server.tool("replay", *words.split())
        expect(said.returncode, status, f"{words}: {said.stdout}{said.stderr}")
        server.wait_settled()
        return sorted(line.decode() for line in server.read("ran").splitlines()[before:]), said

    first, second = (server.post(f"/{path}", b"{}", delivery=path).json()["id"]
                     for path in ("one", "two"))
    for words, ran in (("--route one", ["one a", "one b"]), ("--route one --action b", ["one b"]),
                       (f"{first} --action a", ["one a"]), ("--state done", []),
                       ("--route new", []),
                       ("--dead --action a", ["one a", "two a"]), ("--since 1h --limit 1",
                       ["one a", "one b"]), ("--until 1h", []), (f"--after {first}", ["two a"]),
                       (f"{first} {second} --dead", ["one a", "one b", "two a"])):
        expect(replayed(words)[0], ran, words)
    ran, said = replayed("--route tow", 1)
    ensure(not ran and "there is no route tow, did you mean two?" in said.stderr, said)
    ran, said = replayed(f"{first} 019", 1)
    ensure(ran and "there is no event 019" in said.stderr, said)
    for words in ("", "--limit 3", f"{first} --route one", "--state running", "--since never"):
        replayed(words, 2)
    del server.settings["routes"][0]
    server.write_settings()
    ran, said = replayed("--route one", 1)
    ensure("its route is no longer in the route file" in said.stderr, "its events are still known")
