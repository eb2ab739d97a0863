"""The other end of a FIFO: a reader that can be slow, stop, or die."""
import array
import fcntl
import os
import struct
import termios
import threading
import time

from harness import wait_until


def unread(fd):
    """Bytes that lie in the FIFO."""
    count = array.array("i", [0])
    fcntl.ioctl(fd, termios.FIONREAD, count)
    return count[0]


def take(fd, size):
    """What is there, b"" if there is nothing: it may be taken back after it was seen."""
    try:
        return os.read(fd, size)
    except BlockingIOError:
        return b""


class Reader:
    """Opens the FIFO (waiting until it is there) and reads in a thread of its own."""

    def __init__(self, path, pace=None, limit=None):
        self.path, self.pace, self.limit = path, pace, limit
        self.data, self.stopping = bytearray(), False
        self.ends = [0]  # where the end of the file was seen
        wait_until(lambda: os.path.exists(path), f"the FIFO {path}")
        self.fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        """At most `limit` bytes in all; `pace` is (bytes, seconds to wait after them)."""
        while not self.stopping and (self.limit is None or len(self.data) < self.limit):
            wanted = self.pace[0] if self.pace else 65536
            if self.limit is not None:
                wanted = min(wanted, self.limit - len(self.data))
            try:
                got = os.read(self.fd, wanted)
                if not got and self.ends[-1] < len(self.data):
                    self.ends.append(len(self.data))
            except BlockingIOError:
                got = b""
            self.data += got
            time.sleep(self.pace[1] if self.pace and got else 0 if got else 0.002)

    def close(self):
        """Dies: what is unread stays unread."""
        self.stopping = True
        self.thread.join()
        os.close(self.fd)

    def lines(self):
        return bytes(self.data).splitlines()

    def wait_lines(self, count, seconds=30):
        wait_until(lambda: self.data.count(b"\n") >= count, f"{count} lines in the pipe", seconds)

    def whole_frames(self):
        """Those of a reader that begins anew where it sees the end of the file."""
        data, ends = bytes(self.data), [*self.ends, len(self.data)]
        return sum((self.frames(data[a:b])[0] for a, b in zip(ends, ends[1:])), [])

    def frames(self, data=None):
        """Whole frames of `format: length`; the rest that is no whole frame."""
        data, found = bytes(self.data) if data is None else data, []
        while len(data) >= 4 and len(data) >= 4 + struct.unpack(">I", data[:4])[0]:
            end = 4 + struct.unpack(">I", data[:4])[0]
            found.append(data[4:end])
            data = data[end:]
        return found, data
