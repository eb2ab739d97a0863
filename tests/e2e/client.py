"""HTTP as a sender speaks it, over TLS, TCP or a unix socket, and bytes as an attacker sends
them."""
import json
import re
import socket
import ssl
import struct


class Answer:
    def __init__(self, status, headers, body):
        self.status, self.headers, self.body = status, headers, body
        self.closes = headers.get("connection", "").lower() == "close"

    def json(self):
        return json.loads(self.body)

    def __repr__(self):
        return f"Answer({self.status}, {self.headers}, {self.body[:200]!r})"


def parse_head(head):
    lines = head.decode("latin-1").split("\r\n")
    match = re.fullmatch(r"HTTP/1\.[01] (\d{3})(?: .*)?", lines[0])
    if not match:
        raise OSError(f"no HTTP answer: {lines[0]!r}")
    headers = {}
    for line in lines[1:]:
        name, _, value = line.partition(":")
        headers[name.strip().lower()] = value.strip()
    return int(match[1]), headers


CONTEXTS = {}


def tls_context(certificate):
    """Trusts the test's certificate only. Without a certificate: whatever is served."""
    if certificate not in CONTEXTS:
        context = ssl.create_default_context(cafile=certificate)
        if certificate is None:
            context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
        CONTEXTS[certificate] = context
    return CONTEXTS[certificate]


def open_socket(address, timeout, source=None, receive_buffer=None):
    """A connected socket for "https://127.0.0.1:8443", "http://[::1]:80" or "unix:/path"."""
    if address.startswith("unix:"):
        plain = socket.socket(socket.AF_UNIX)
        where = address[len("unix:"):]
    else:
        host, _, port = address.partition("://")[2].rpartition(":")
        host = host.strip("[]")
        plain = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)
        where = (host, int(port))
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    if receive_buffer:
        plain.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
    plain.settimeout(timeout)
    try:
        if source:
            plain.bind((source, 0))
        plain.connect(where)
    except OSError:
        plain.close()
        raise
    return plain


class Raw:
    """A socket to the server, `tls` or not, that sends any bytes."""

    def __init__(self, address, certificate=None, timeout=20, source=None, receive_buffer=None,
                 handshake=True):
        self.socket = open_socket(address, timeout, source, receive_buffer)
        self.buffer = b""
        if address.startswith("https:") and handshake:
            self.shake_hands(certificate)

    def shake_hands(self, certificate):
        try:
            self.socket = tls_context(certificate).wrap_socket(self.socket,
                                                               server_hostname="localhost")
        except OSError:
            self.socket.close()
            raise
        return self

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        self.socket.close()

    def reset(self):
        """Closes with a RST."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.socket.close()

    def send(self, data):
        self.socket.sendall(data)
        return self

    def is_open(self):
        """Whether the server still holds this plain socket; eats what it has said."""
        timeout = self.socket.gettimeout()
        self.socket.settimeout(0)  # or Python waits, whatever the flags of recv say
        try:
            return self.socket.recv(4096) != b""
        except BlockingIOError:
            return True
        except ConnectionError:
            return False
        finally:
            self.socket.settimeout(timeout)

    def drip(self, data, step, pause):
        """Sends `data` in steps with a pause (the socket's timeout) between, until the server says
        something or closes."""
        self.socket.settimeout(pause)
        for start in range(0, len(data), step):
            try:
                self.send(data[start:start + step])
                if not self.receive() or self.buffer:
                    return
            except TimeoutError:  # nothing said yet: go on
                continue
            except OSError:
                return

    def receive(self):
        """Some bytes more; b"" at the end, however the connection ended."""
        try:
            data = self.socket.recv(65536)
        except (ssl.SSLEOFError, ssl.SSLZeroReturnError, ConnectionError):
            data = b""
        self.buffer += data
        return data

    def read_all(self):
        """Everything until the server closes; TimeoutError if it does not."""
        while self.receive():
            pass
        return self.buffer

    def answer(self, method="POST"):
        """The next final answer; interim ones are kept in self.interim."""
        self.interim = []
        while True:
            while b"\r\n\r\n" not in self.buffer:
                if not self.receive():
                    raise ConnectionError(f"closed before an answer: {self.buffer[:100]!r}")
            head, _, self.buffer = self.buffer.partition(b"\r\n\r\n")
            status, headers = parse_head(head)
            if status >= 200:
                break
            self.interim.append(status)
        length = 0 if method == "HEAD" else int(headers.get("content-length", 0))
        while len(self.buffer) < length:
            if not self.receive():
                raise ConnectionError("closed within an answer")
        body, self.buffer = self.buffer[:length], self.buffer[length:]
        return Answer(status, headers, body)


def format_request(method, path, body=b"", headers=None, host="localhost"):
    lines = [f"{method} {path} HTTP/1.1", f"Host: {host}", f"Content-Length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def half_hello():
    """The first half of a ClientHello."""
    outgoing = ssl.MemoryBIO()
    hello = ssl.create_default_context().wrap_bio(ssl.MemoryBIO(), outgoing,
                                                  server_hostname="localhost")
    try:
        hello.do_handshake()
    except ssl.SSLWantReadError:
        pass
    data = outgoing.read()
    return data[:len(data) // 2]


class Connection(Raw):
    """A keep-alive connection of an honest sender: made anew when the server has said that it
    closes."""

    def __init__(self, *address, **options):
        self.made_with, self.closed = (address, options), False
        super().__init__(*address, **options)

    def request(self, method, path, body=b"", headers=None):
        if self.closed:
            self.close()
            self.__init__(*self.made_with[0], **self.made_with[1])
        answer = self.exchange(method, path, body, headers)
        self.closed = answer.closes
        return answer

    def exchange(self, method, path, body, headers):
        try:
            self.send(format_request(method, path, body, headers))
        except (BrokenPipeError, ConnectionResetError):
            if not self.receive():  # the answer may have come before the refusal to read on
                raise
        return self.answer(method)
