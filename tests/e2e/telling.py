"""An action for `on_failure` that keeps what it is told, and a server that is told by HTTP."""
import http.server
import json
import threading

from harness import script

ALERT = script('date +%s.%N >>"$OUT/times"; env | grep ^TENTERHOOK_FAILED_ | sort >>"$OUT/env"; '
               'cat >>"$OUT/told"', stdin="event")


def told(server):
    """The envelopes, in their order."""
    return [json.loads(line) for line in (server.read("told") or b"").split(b"\n")[:-1]]


def receive(got, answers):
    """Adds the path, title and body of each POST to `got`, and answers with the next of `answers`,
    the last of which goes on. Returns the address."""
    class Receiver(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            got.append((self.path, self.headers["Title"], body))
            self.send_response(answers[min(len(got), len(answers)) - 1])
            self.end_headers()

        def log_message(self, *_):
            pass

    receiver = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Receiver)
    threading.Thread(target=receiver.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{receiver.server_address[1]}"
