"""cancel ends what waits and what runs of an event, with all its processes, for good; one that is
done before it is stopped is said to be done."""
from harness import Server, descendants, ensure, expect, read_proc, route, script, wait_until

def begun(name):
    wait_until(lambda: name in server.ledger("begun"), f"{name} to begin")

def cancel(*ids, code=0):
    said = server.tool("cancel", *ids)
    expect(said.returncode, code, f"{said.stdout}{said.stderr}")
    return said.stdout

def states(event):
    return server.query("SELECT state, reason FROM delivery d JOIN event e ON e.seq = d.seq >> 8 "
                        "WHERE e.id = ? ORDER BY d.seq", event)

HANGS = script('setsid sleep 600 & echo hangs >>"$OUT/begun"; wait', name="hangs")
POLITE = script('trap "exit 0" TERM; echo polite >>"$OUT/begun"; sleep 601 & wait', name="polite")
CANCELLED = ("dead", "cancelled")
with Server([route(actions=[HANGS, POLITE]), route("pipe", actions=[{"pipe": "@OUT@/none"}]),
             route("one", actions=[HANGS])], server={"commands": 3}) as server:
    first = server.post("/hook", b"1").json()["id"]
    begun("hangs")
    begun("polite")
    fills = server.post("/one", b"2").json()["id"]
    waiting = server.post("/one", b"3").json()["id"]
    piped = server.post("/pipe", b"4").json()["id"]
    ensure("1 waiting delivery cancelled" in cancel(waiting), "what waits")
    ensure("was done before" in cancel(first, code=1), "it is said what has become of it")
    expect((states(waiting), states(first)), ([CANCELLED], [CANCELLED, ("done", None)]))
    cancel(piped, fills)
    expect((states(piped), states(fills)), ([CANCELLED], [CANCELLED]))
    if " contained " in server.log():
        expect([pid for pid in descendants(server.pid)
                if "sleep\x00600" in read_proc(pid, "cmdline")], [], "its processes")
    ensure("nothing of it waits" in cancel(waiting, code=1), "once more")
    cancel("01900000-0000-7000-8000-000000000000", code=1)
    expect(server.log().count(" cancelled id="), 3, "lines of the log")
