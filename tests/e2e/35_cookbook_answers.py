"""The pages whose caller reads the answer: a GET switches a light, stock and orders are JSON."""
import json

from cookbook import Page
from harness import expect

with Page("home-automation") as server:
    expect(server.try_it(0), "kitchen on")
    expect(json.loads(server.try_it(1)),
           {"ignored": "the conditions of the route leave this event out"})
    key = server.text("hooks.secret").strip()
    for query, status in (("state=off&key=" + key, 200), ("state=blue&key=" + key, 404),
                          ("state=on&state=off&key=" + key, 404), ("state=on&key=x", 401)):
        expect(server.request("GET", "/light/garden?" + query).status, status, query)
    expect(server.request("POST", f"/light/garden?state=on&key={key}").status, 405)
    server.wait_settled()
    expect(sorted(server.text("lights.log").splitlines()), ["garden off", "kitchen on"])

with Page("answer-with-json") as server:
    expect(json.loads(server.try_it(0)), {"article": "4711", "count": 12})
    order = json.loads(server.try_it(1))
    expect(order["article"], "4712")
    bearer = {"Authorization": f"Bearer {server.text('hooks.secret').strip()}"}
    unknown = server.request("GET", "/stock/1", headers=bearer)
    expect((unknown.status, unknown.json()), (200, {"article": "1", "count": 0}))
    expect(unknown.headers["content-type"], "application/json")
    expect(server.request("GET", "/stock/1%2f,$p", headers=bearer).status, (400, 404))
    expect(server.request("GET", "/stock/1").status, 401)
    quoted = {"article": 'x", "order": "y'}
    answer = server.request("POST", "/order", json.dumps(quoted).encode(),
                            bearer | {"Content-Type": "application/json"}).json()
    expect(answer["article"], quoted["article"])
    server.wait_settled()
    expect(server.text("orders.log").splitlines(), [
        f"{order['order']}: 2 of 4712", f"{answer['order']}: 1 of {quoted['article']}"])
