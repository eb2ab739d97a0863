"""A030: an upgrade with a valid signature is a normal request, never 101; A021: heads that are too
large cost no memory."""
from framing import head
from harness import Server, ensure, expect, ledger, resident_bytes, route
from senders import github_headers

with Server([route(actions=[ledger()])], plain=True, server={"listeners": 1}) as server:
    for number, upgrade in enumerate(("websocket", "h2c")):
        for index in (0, 1):
            extra = {"Connection": "Upgrade", "Upgrade": upgrade, "Sec-WebSocket-Version": "13",
                     "HTTP2-Settings": "AAMAAABkAAQAAP__"}
            body = b'[%d,%d]' % (number, index)
            answer = server.request("POST", "/hook", body,
                                    {**github_headers(body, delivery=f"{number}-{index}"), **extra},
                                    index)
            expect(answer.status, 202, f"Upgrade: {upgrade}")
            ensure("upgrade" not in answer.headers, "no protocol is switched")
    server.wait_settled()
    expect(len(server.ledger()), 4)
    listener = server.processes("listener")[0]
    before = resident_bytes(listener)
    open_ones = []
    for number in range(64):
        raw = server.raw(timeout=10)
        raw.send(head("X: " + "a" * 17 * 1024, "Content-Length: 5"))
        expect(raw.answer().status, (400, 431), "a header of 17 KiB")
        open_ones.append(raw)
    grown = resident_bytes(listener) - before
    ensure(grown < 64 << 20, f"{grown} bytes for 64 connections, under 1 MiB each")
    for raw in open_ones:
        raw.close()
print(f"4 upgrades were normal requests; 64 heads of 17 KiB cost {grown // 64 // 1024} KiB a "
      f"connection")
