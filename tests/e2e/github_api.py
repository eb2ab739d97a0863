"""A small part of GitHub's REST API on a local port: a webhook's deliveries, in pages of two, and
commit statuses. It takes one token, and notes what it was asked for."""
import datetime
import json
import threading
import zlib
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOKEN = "github_pat_of_a_test"


def delivery(guid, status="OK", days=0.0, attempt=1):
    """An entry of the list, newest last; its id has no meaning but for GitHub."""
    now = datetime.datetime.now(datetime.timezone.utc)
    when = now - datetime.timedelta(days=days) + datetime.timedelta(seconds=attempt)
    return {"id": zlib.crc32(f"{guid} {attempt}".encode()), "guid": guid, "status": status,
            "status_code": 200 if status == "OK" else 502, "redelivery": attempt > 1,
            "delivered_at": when.strftime("%Y-%m-%dT%H:%M:%SZ"), "event": "push"}


class GitHub:
    """`redeliver(guid)` sends an event again, and returns the status that it was answered."""

    def __init__(self, deliveries=(), redeliver=None):
        self.deliveries, self.redeliver = list(deliveries), redeliver
        self.requests, self.asked, self.statuses = 0, [], []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                owner.answer(self, owner.page)

            def do_POST(self):
                owner.answer(self, owner.post)

            def log_message(self, *_):
                pass

        self.web = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.web.server_port}"
        self.header = f"Authorization: Bearer {TOKEN}\n"

    def __enter__(self):
        threading.Thread(target=self.web.serve_forever, daemon=True).start()
        return self

    def __exit__(self, kind, value, trace):
        self.web.shutdown()
        self.web.server_close()

    def answer(self, request, function):
        self.requests += 1
        length = int(request.headers.get("Content-Length", 0))
        body = request.rfile.read(length)
        status, headers, said = (function(request.path, body) if self.header.split(": ")[1].strip()
                                 == request.headers["Authorization"] else (401, {}, {}))
        text = json.dumps(said).encode()
        request.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            request.send_header(name, value)
        request.end_headers()
        request.wfile.write(text)

    def page(self, path, _):
        path, _, query = path.partition("?")
        if not path.endswith("/deliveries"):
            return 404, {}, {}
        begin = int(query.rpartition("cursor=")[2]) if "cursor=" in query else 0
        newest = sorted(self.deliveries, key=lambda one: one["delivered_at"], reverse=True)
        links = [f'<{self.url}{path}?per_page=2&cursor={begin - 2}>; rel="prev"'] * (begin > 0)
        if begin + 2 < len(newest):
            links.append(f'<{self.url}{path}?per_page=2&cursor={begin + 2}>; rel="next"')
        return 200, {"link": ", ".join(links)} if links else {}, newest[begin:begin + 2]

    def post(self, path, body):
        words = path.split("/")
        if words[-3] == "deliveries" and words[-1] == "attempts":
            old = [one for one in self.deliveries if str(one["id"]) == words[-2]]
            if not old:
                return 404, {}, {}
            guid = old[0]["guid"]
            self.asked.append(guid)
            status = self.redeliver(guid)
            attempt = 1 + sum(one["guid"] == guid for one in self.deliveries)
            self.deliveries.append(delivery(guid, "OK" if status < 300 else "Invalid HTTP Response",
                                            attempt=attempt))
            return 202, {}, {}
        self.statuses.append((path, json.loads(body)))
        return 201, {}, {}
