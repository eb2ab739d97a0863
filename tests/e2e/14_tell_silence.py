"""A route without an event for `expect` is told once, before and after a restart, and again when it
falls silent again; one without on_failure has the line in the log alone."""
from harness import Server, ensure, expect, route, wait_until
from telling import ALERT, told

with Server([route(on_failure=ALERT, tell_every="100ms", expect="1s"), route("calm", expect="1s"),
             route("other", on_failure=ALERT)]) as server:
    wait_until(lambda: told(server), "the silence to be told")
    server.wait_log('notice route=hook type=tenterhook.silent reason="no event for 1s" id=')
    server.wait_log('notice route=calm type=tenterhook.silent reason="no event for 1s"\n')
    one = told(server)[0]
    expect((one["route"], one["event"], one["client"]), ("hook", "tenterhook.silent", "tenterhook"))
    expect((one["payload"]["reason"], one["failure"]["reason"]), ("no event for 1s",) * 2)
    expect((one["failure"]["action"], one["failure"]["attempts"]), ("", 0))
    server.stop()
    server.start()
    event = server.post("/calm", b"{}").json()["id"]
    wait_until(lambda: server.log().count("notice route=calm") == 2, "it to be silent again")
    expect(len(told(server)), 1, "told again after a restart")
    server.post("/hook", b"{}")
    wait_until(lambda: len(told(server)) == 2, "it to be told again")
    server.wait_settled()
    expect(server.query("SELECT type, count(*) FROM event WHERE route = 'hook' GROUP BY 1"),
           [("push", 1), ("tenterhook.silent", 2)])
    listed = server.tool("events", "--route", "hook").stdout
    ensure("tenterhook.silent" in listed and "no event for 1s" in listed, listed)
    expect(server.tool("replay", told(server)[0]["id"]).stdout,
           "0 events, 0 deliveries pending again\n")
