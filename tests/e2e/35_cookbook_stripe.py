"""The page "Stripe": an event calls its script once, also where Stripe sends it again."""
import json

from cookbook import Page
from harness import ensure, expect

with Page("stripe") as server:
    ensure(server.try_it(0).startswith("202 "), "the answer")
    ensure('"duplicate":true' in server.try_it(0).replace(" ", ""), "the same again")
    expect(server.try_it(1), "evt_1: 1250 eur for cs_1, ada@example.org\n")
    event = json.loads(server.text("event.json"))
    session = {"id": "cs_2", "amount_total": 99, "currency": "chf"}
    for number, (change, status) in enumerate((
            ({"data": {"object": session}}, 202), ({"type": "invoice.payment_failed"}, 202),
            ({"livemode": False}, 200), ({"type": "charge.refunded"}, 200),
            ({"data": {"object": {"id": "cs_3"}}}, 422),
            ({"data": {"object": session | {"id": "--help"}}}, 422))):
        sent = event | {"id": f"evt_more_{number}"} | change
        expect(server.send("stripe", "/stripe", sent)[0], status, f"{change}")
    expect(server.text("payments.log").splitlines()[1:],
           ["evt_more_0: 99 chf for cs_2, no address", "invoice.payment_failed: cs_1"])
