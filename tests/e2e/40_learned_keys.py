"""A key that a sender delivers is learned once, by all listeners, and kept in the journal."""
import hmac

from harness import Server, ensure, expect, route, wait_until

KEY, OTHER = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210"
sign = lambda key, body: hmac.digest(key.encode(), body, "sha256").hex()
TOKEN = "secret_of_notion_that_is_long_enough"


def send(path, body, **headers):
    named = {"X-" + name.replace("_", "-"): value for name, value in headers.items()}
    return server.post(path, body, {"Content-Type": "application/json", **named})


def asana(key, status=202, body=b'{"events":[{"action":"changed"}]}'):
    for _ in range(6):  # by one listener or the other
        expect(send("/asana", body, Hook_Signature=sign(key, body)).status, status)


with Server([route(name, provider=name) for name in ("asana", "notion")]) as server:
    server.secrets |= {KEY, OTHER, TOKEN}
    asana(KEY, 401)
    expect(send("/asana", b"{}", Hook_Secret="short").status, 403)
    expect(send("/asana", b"{}", Hook_Secret=KEY).headers["x-hook-secret"], KEY)
    asana(KEY)
    expect([send("/asana", b"{}", Hook_Secret=key).status for key in (OTHER, KEY) * 2], [403] * 4)
    server.wait_log(r"refused .*route=asana .*status=403 .*already has one")
    token = b'{"verification_token":"%s"}' % TOKEN.encode()
    expect([send("/notion", token).status for _ in range(3)], [200, 403, 403])
    expect(send("/notion", b"{}", Notion_Signature="sha256=" + sign(TOKEN, b"{}")).status, 202)
    for again in (server.reload, server.kill_all, server.start):
        again()
    asana(KEY)
    ensure(KEY not in (listed := server.tool("keys").stdout) and "asana" in listed, listed)
    expect(server.tool("keys", "show", "notion").stdout, TOKEN + "\n")
    expect(server.tool("keys", "forget", "asana").returncode, 0)
    wait_until(lambda: send("/asana", b"{}", Hook_Secret=OTHER).status == 200, "the next key")
    asana(OTHER)
    asana(KEY, 401)
