"""A key that a sender delivers is learned once, by all listeners, and kept in the journal."""
import hashlib
import hmac

from harness import Server, ensure, expect, ledger, route, wait_until

KEY, OTHER, TOKEN = "0123456789abcdef0123456789abcdef", "fedcba9876543210fedcba9876543210", "secret_of_notion_that_is_long_enough"


def send(path, body, **headers):
    named = {"X-" + name.replace("_", "-"): value for name, value in headers.items()}
    return server.post(path, body, {"Content-Type": "application/json", **named})


def asana(key, status=202, body=b'{"events":[{"action":"changed"}]}'):
    for _ in range(6):  # by one listener or the other
        signature = hmac.new(key.encode(), body, hashlib.sha256).hexdigest()
        expect(send("/asana", body, Hook_Signature=signature).status, status)


with Server([route("asana", provider="asana", actions=[ledger()]), route("notion", provider="notion", actions=[ledger()])]) as server:
    server.secrets |= {KEY, OTHER, TOKEN}
    asana(KEY, 401)
    expect(send("/asana", b"{}", Hook_Secret="short").status, 403)
    expect(send("/asana", b"{}", Hook_Secret=KEY).headers["x-hook-secret"], KEY)
    asana(KEY)
    expect([send("/asana", b"{}", Hook_Secret=key).status for key in (OTHER, KEY, OTHER, KEY)], [403] * 4, "a second attempt")
    server.wait_log(r"refused .*route=asana .*status=403 .*already has one")
    expect([send("/notion", b'{"verification_token":"%s"}' % TOKEN.encode()).status for _ in range(3)], [200, 403, 403])
    signature = hmac.new(TOKEN.encode(), b'{"id":"1"}', hashlib.sha256).hexdigest()
    expect(send("/notion", b'{"id":"1"}', Notion_Signature="sha256=" + signature).status, 202)
    for again in (server.reload, server.kill_all, server.start):
        again()
    asana(KEY)
    ensure("asana" in server.tool("keys").stdout and KEY not in server.tool("keys").stdout, "the list of keys")
    expect((server.tool("keys", "show", "notion").stdout, server.tool("keys", "forget", "asana").returncode), (TOKEN + "\n", 0))
    wait_until(lambda: send("/asana", b"{}", Hook_Secret=OTHER).status == 200, "the next greeting to deliver a key")
    asana(OTHER)
    asana(KEY, 401)
print("learned once, refused after that, kept over a reload and a kill, forgotten by hand")
