"""A route that verified events and then refuses whatever carries its kind of credentials is told
once; requests without them, and routes that never verified any, tell nobody."""
from harness import Server, ensure, expect, route, wait_until
from telling import ALERT, told

TOKEN = {"token": {"header": "X-Token", "value": "right-token-0123456789"}}
BEARER = {"token": {"bearer": "right-bearer-0123456789"}}

def refused():
    return sorted(one["route"] for one in told(server) if one["event"] == "tenterhook.refused")


def send(name, **headers):
    named = {key.replace("_", "-"): value for key, value in headers.items()} | {
        "Content-Type": "application/json"}
    return server.request("POST", "/" + name, b"{}", named).status


with Server([route(name, auth=auth, on_failure=ALERT, tell_every="100ms", expect="2s")
             for name, auth in (("changed", TOKEN), ("bearer", BEARER), ("bare", TOKEN),
                                ("never", TOKEN), ("mended", TOKEN))]) as server:
    server.secrets |= {"right-token-0123456789", "right-bearer-0123456789"}
    for name in ("changed", "bare", "mended"):
        expect(send(name, X_Token="right-token-0123456789"), 202)
    expect(send("bearer", Authorization="Bearer right-bearer-0123456789"), 202)
    for name in ("changed", "never", "mended"):
        expect(send(name, X_Token="wrong"), 401)
    expect(send("bearer", authorization="bearer wrong"), 401)
    expect((send("bare"), send("bare", Authorization="Bearer wrong")), (401, 401))
    expect(send("mended", X_Token="right-token-0123456789"), 202)
    wait_until(lambda: refused() == ["bearer", "changed"], "two routes to be told")
    server.wait_log("notice route=changed type=tenterhook.refused reason=.*1 request was refused")
    wait_until(lambda: sum(one["event"] == "tenterhook.silent" for one in told(server)) == 5,
               "all to be silent")
    server.stop()
    server.start()
    expect(send("changed", X_Token="wrong"), 401)
    expect(send("bearer", Authorization="Bearer right-bearer-0123456789"), 202)
    wait_until(lambda: len(told(server)) == 8, "the bearer to be silent again")
    expect(refused(), ["bearer", "changed"])
